# One build block makes two images; provisioners and post-processors choose among them.

variable "repository" {}

source "docker" "a" {
  image  = "base:latest"
  commit = true
}

source "docker" "b" {
  image  = "base:configured"
  commit = true
}

build {
  sources = ["source.docker.a", "source.docker.b"]

  provisioner "shell" {
    inline = ["echo both > /both", "echo $PACKER_BUILD_NAME $PACKER_BUILDER_TYPE > /name"]
  }
  provisioner "shell" {
    only   = ["docker.a"]
    inline = ["echo only a > /only"]
  }
  provisioner "shell" {
    except = ["docker.a"]
    inline = ["echo not a > /except"]
  }
  post-processor "docker-tag" {
    only       = ["docker.a"]
    repository = var.repository
    tags       = ["a"]
  }
  post-processor "docker-tag" {
    except     = ["docker.a"]
    repository = var.repository
    tags       = ["b"]
  }
}
