# Inline commands run in order in one shell, with the variables of the template.

variable "repository" {}

source "docker" "it" {
  image  = "base:latest"
  commit = true
}

build {
  sources = ["source.docker.it"]

  provisioner "shell" {
    inline = [
      "echo one > /one",
      "cd /tmp; pwd > /where",
      "pwd >> /where",
      "X=kept",
      "echo $X > /kept",
      "echo to-stderr >&2",
      "umask > /umask",
      "id > /who",
    ]
  }
  provisioner "shell" {
    environment_vars = [
      "PLAIN=value",
      "SPACED=two words",
      "QUOTED=it's \"so\"",
      "DOLLAR=$HOME and `id`",
      "EMPTY=",
      "EQUALS=a=b=c",
    ]
    inline = ["for v in PLAIN SPACED QUOTED EMPTY EQUALS; do eval echo \"$v=[\\$$v]\"; done > /environment"]
  }
  provisioner "shell" {
    inline = ["env | grep ^PACKER_ | grep -v -e RUN_UUID -e HTTP | sort > /packer-environment"]
  }

  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["it"]
  }
}
