package main

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

func format(asked request) any {
	return map[string]any{"text": string(hclwrite.Format([]byte(asked.Text)))}
}

func parse(asked request) any {
	_, diags := hclsyntax.ParseConfig([]byte(asked.Text), "text.hcl", hcl.InitialPos)
	return map[string]any{"errors": errors(diags)}
}

// errors lists the errors among diagnostics; it is never null.
func errors(diags hcl.Diagnostics) []map[string]any {
	list := []map[string]any{}
	for _, diag := range diags {
		if diag.Severity != hcl.DiagError {
			continue
		}
		entry := map[string]any{"summary": diag.Summary, "detail": diag.Detail}
		if diag.Subject != nil {
			entry["line"] = diag.Subject.Start.Line
			entry["column"] = diag.Subject.Start.Column
		}
		list = append(list, entry)
	}
	return list
}
