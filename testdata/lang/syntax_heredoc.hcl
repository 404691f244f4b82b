# A heredoc that never ends.
a = <<EOT # error: 5-7 syntax "a heredoc begins with `<<` and a word"
# error: 5-12 syntax "the heredoc `<<-TEXT` is not closed"
b = <<-TEXT
  text
  TEXTS
