# An image says who made it and why.

variable "repository" {}

source "docker" "it" {
  image   = "base:latest"
  commit  = true
  author  = "Ada Lovelace <ada@example.org>"
  message = "The first \"program\", it's said"
}

build {
  sources = ["source.docker.it"]
  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["it"]
  }
}
