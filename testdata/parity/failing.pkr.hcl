# A failing script fails the build; nothing is tagged.
# exit: 1

variable "repository" {}

source "docker" "it" {
  image  = "base:latest"
  commit = true
}

build {
  sources = ["source.docker.it"]
  provisioner "shell" {
    inline = ["exit 3"]
  }
  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["it"]
  }
}
