// The oracle answers what HashiCorp's own HCL does with a text, for tests that compare.
//
// It reads one request a line and writes one answer a line, both JSON:
//
//	{"op": "format", "text": "a=1"}  ->  {"text": "a = 1"}
//	{"op": "parse", "text": "a ="}   ->  {"errors": [{"summary": "…", "line": 1, "column": 4}]}
//	{"op": "expression", "text": "1 + 1"}  ->  {"value": {"type": "number", "value": …}}
//	{"op": "body", "text": "a = 1"}  ->  {"body": {"attributes": {"a": …}, "blocks": []}}
//	{"op": "gotemplate", "text": "{{.N}}"}  ->  {"text": "3"}
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
)

type request struct {
	Op   string `json:"op"`
	Text string `json:"text"`
}

// answers has a function for each op; each is in a file of its own.
var answers = map[string]func(request) any{
	"body":       evaluateBody,
	"expression": evaluateExpression,
	"format":     format,
	"gotemplate": fillIn,
	"parse":      parse,
}

func main() {
	// The libraries log what they find odd.
	log.SetOutput(io.Discard)
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		if err := encoder.Encode(answer(line)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		out.Flush()
	}
}

// answer never panics: what HCL itself dies of is an answer too.
func answer(line []byte) (result any) {
	defer func() {
		if cause := recover(); cause != nil {
			result = map[string]any{"panic": fmt.Sprint(cause)}
		}
	}()
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return map[string]any{"refused": err.Error()}
	}
	op, known := answers[asked.Op]
	if !known {
		return map[string]any{"refused": "there is no op " + asked.Op}
	}
	return op(asked)
}
