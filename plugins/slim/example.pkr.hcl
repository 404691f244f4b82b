# Builds an image with Debian's curl, without what apt leaves behind.
#
#     python3 packer_plugin.py bundle slim.py
#     # install packer-plugin-slim as docs/plugins.md says
#     cooper build example.pkr.hcl

packer {
  required_plugins {
    slim = {
      source  = "github.com/example/slim"
      version = ">= 0.1.0"
    }
  }
}

variable "image" {
  type    = string
  default = "debian:stable-slim"
}

variable "command" {
  type    = string
  default = "apt-get update && apt-get install --yes curl"
}

source "docker" "curl" {
  image  = var.image
  commit = true
}

build {
  sources = ["source.docker.curl"]

  provisioner "shell" {
    inline = [var.command]
  }

  provisioner "slim" {
    also = ["/usr/share/bash-completion"]
  }

  post-processor "docker-tag" {
    repository = "curl"
    tags       = ["slim"]
  }
}
