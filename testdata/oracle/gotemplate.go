package main

import (
	"strings"
	"text/template"
)

// data is what templates are filled in with; the test has the same.
var data = map[string]any{
	"Path": "/tmp/x",
	"Vars": "A=1 ",
	"N":    3,
	"F":    1.5,
	"B":    true,
	"M":    map[string]any{"a": "x", "b": 2},
	"L":    []any{"p", "q", 7},
	"E":    "",
}

// fillIn fills in a template, with two functions of Packer's beside Go's own.
func fillIn(asked request) any {
	functions := template.FuncMap{"upper": strings.ToUpper, "lower": strings.ToLower}
	parsed, err := template.New("").Funcs(functions).Parse(asked.Text)
	if err != nil {
		return map[string]any{"errors": []string{err.Error()}}
	}
	var text strings.Builder
	if err := parsed.Execute(&text, data); err != nil {
		return map[string]any{"errors": []string{err.Error()}}
	}
	return map[string]any{"text": text.String()}
}
