package main

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// context holds the names that every expression may use.
var context = &hcl.EvalContext{Variables: variables(), Functions: functions()}

// result is what comes of an expression: one of the two.
type result struct {
	Value  *value   `json:"value,omitempty"`
	Errors []string `json:"errors,omitempty"`
}

type body struct {
	Attributes map[string]result `json:"attributes"`
	Blocks     []block           `json:"blocks"`
}

type block struct {
	Type   string   `json:"type"`
	Labels []string `json:"labels"`
	Body   body     `json:"body"`
}

func evaluateExpression(asked request) any {
	expression, diags := hclsyntax.ParseExpression([]byte(asked.Text), "", hcl.InitialPos)
	if diags.HasErrors() {
		return result{Errors: messages(diags)}
	}
	return evaluate(expression)
}

func evaluateBody(asked request) any {
	file, diags := hclsyntax.ParseConfig([]byte(asked.Text), "", hcl.InitialPos)
	if diags.HasErrors() {
		return result{Errors: messages(diags)}
	}
	return map[string]any{"body": readBody(file.Body.(*hclsyntax.Body))}
}

// evaluate tells a panic as an error: whoever asked has the other values of the file to compare.
func evaluate(expression hclsyntax.Expression) (told result) {
	defer func() {
		if cause := recover(); cause != nil {
			told = result{Errors: []string{fmt.Sprintf("panic: %v", cause)}}
		}
	}()
	evaluated, diags := expression.Value(context)
	if diags.HasErrors() {
		return result{Errors: messages(diags)}
	}
	content := tell(evaluated)
	return result{Value: &content}
}

func readBody(from *hclsyntax.Body) body {
	read := body{Attributes: map[string]result{}, Blocks: []block{}}
	for name, attribute := range from.Attributes {
		read.Attributes[name] = evaluate(attribute.Expr)
	}
	for _, inner := range from.Blocks {
		labels := append([]string{}, inner.Labels...)
		read.Blocks = append(read.Blocks, block{inner.Type, labels, readBody(inner.Body)})
	}
	return read
}

func messages(diags hcl.Diagnostics) []string {
	var told []string
	for _, diagnostic := range diags {
		told = append(told, diagnostic.Summary+": "+diagnostic.Detail)
	}
	return told
}
