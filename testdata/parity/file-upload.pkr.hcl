# Single files keep content, mode and name, and belong to root.
# prepare: chmod 4755 setuid; chmod 600 private; chmod 755 tool; chown 1234:2345 owned; ln -sf plain link
# prepare: cp plain 'a b'; cp plain "quo'te"; cp plain 'ünï'; cp plain -- -dash; cp plain 'new$name'
# prepare: : > empty; head -c 3000000 /dev/zero > large

variable "repository" {}

source "docker" "it" {
  image  = "base:latest"
  commit = true
}

build {
  sources = ["source.docker.it"]

  provisioner "shell" {
    inline = ["mkdir /in /in/folder"]
  }
  provisioner "file" {
    source      = "plain"
    destination = "/in/plain"
  }
  provisioner "file" {
    source      = "plain"
    destination = "/in/folder/"
  }
  provisioner "file" {
    source      = "private"
    destination = "/in/private"
  }
  provisioner "file" {
    source      = "tool"
    destination = "/in/tool"
  }
  provisioner "file" {
    source      = "setuid"
    destination = "/in/setuid"
  }
  provisioner "file" {
    source      = "owned"
    destination = "/in/owned"
  }
  provisioner "file" {
    source      = "link"
    destination = "/in/link"
  }
  provisioner "file" {
    source      = "empty"
    destination = "/in/empty"
  }
  provisioner "file" {
    source      = "large"
    destination = "/in/large"
  }
  provisioner "file" {
    source      = "plain"
    destination = "/etc/group"
  }
  provisioner "file" {
    sources     = ["a b", "quo'te", "ünï", "-dash", "new$name"]
    destination = "/in/folder/"
  }

  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["it"]
  }
}
