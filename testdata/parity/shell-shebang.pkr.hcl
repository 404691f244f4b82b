# `inline_shebang` chooses the interpreter and its flags; `binary` sends a script as it is.

variable "repository" {}

source "docker" "it" {
  image  = "base:latest"
  commit = true
}

build {
  sources = ["source.docker.it"]

  provisioner "shell" {
    inline_shebang = "/bin/sh"
    inline         = ["false", "echo went on > /without-e"]
  }
  provisioner "shell" {
    inline_shebang = "/bin/sh -eu"
    inline         = ["echo flags $- > /flags"]
  }
  provisioner "shell" {
    inline_shebang = "/bin/awk -f"
    inline         = ["BEGIN { print 6 * 7 > \"/answer\" }"]
  }
  provisioner "shell" {
    script = "dos.sh"
  }
  provisioner "shell" {
    binary           = true
    script           = "tool"
    valid_exit_codes = [7]
  }

  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["it"]
  }
}
