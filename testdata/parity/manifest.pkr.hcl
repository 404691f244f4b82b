# The manifest lists what was built; checksum and compress follow it.

variable "repository" {}

source "docker" "it" {
  image  = "base:latest"
  commit = true
}

source "file" "note" {
  content = "a note\n"
  target  = "note.txt"
}

build {
  sources = ["source.docker.it"]
  post-processors {
    post-processor "docker-tag" {
      repository = var.repository
      tags       = ["it"]
    }
    post-processor "manifest" {
      output     = "images.json"
      strip_path = true
      custom_data = {
        who = "me"
      }
    }
  }
}

build {
  sources = ["source.file.note"]
  post-processor "manifest" {
    output = "notes.json"
  }
  post-processor "checksum" {
    checksum_types = ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]
    output         = "note.{{.ChecksumType}}"
  }
}
