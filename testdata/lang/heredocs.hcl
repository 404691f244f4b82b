# Indentation and strip markers, as Packer 1.16 reads them.

indented = [<<-EOT
    x
      y
    ${1}
  EOT
, "x\n  y\n1\n"]

# A `~}` that eats the end of a line also hides the indentation of the next one.
strip_hides_indent = [<<-EOT
    %{ for i in [1,2] ~}
      foo ${i}
    %{ endfor ~}
    end
  EOT
, "      foo 1\n      foo 2\n    end\n"]

strip_in_plain = [<<EOT
  %{ for i in [1,2] ~}
  foo ${i}
  %{ endfor ~}
  end
EOT
, "    foo 1\n    foo 2\n    end\n"]

strip_before = [<<-EOT
    %{~ if true }
    foo
    %{~ endif }
    bar
  EOT
, "\n    foo\n\n    bar\n"]

blank_lines_have_no_say = [<<-EOT
  a

      b
	c
  EOT
, " a\n\n     b\nc\n"]

escapes = [<<-EOT
      ${~ 1 ~}
    b
   $${x} %%{y} \n
  EOT
, "1    b\n   $${x} %%{y} \\n\n"]

interpolation_counts = [<<-EOT
    a
   ${1}
      b
  EOT
, " a\n1\n   b\n"]

empty = [<<-EOT
    EOT
, ""]

interpolation_first = [<<-EOT
    ${~ 1 }
    b
  EOT
, "1\n    b\n"]
