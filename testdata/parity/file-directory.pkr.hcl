# Folders arrive whole, with and without a slash after the source, owners and modes as they are.
# prepare: mkdir -p tree/empty tree/sub/deep; chmod 700 tree/sub; chmod 1777 tree/empty; chmod 755 tree/run
# prepare: ln -sf run tree/link; ln -sf /etc/passwd tree/absolute; ln -sf missing tree/dangling; ln -sf sub tree/to-folder
# prepare: echo d > tree/sub/deep/file; cp tree/run 'tree/a b'; chown -h 1234:2345 tree/sub/deep/file tree/link; ln -f tree/run tree/hard

variable "repository" {}

source "docker" "it" {
  image  = "base:latest"
  commit = true
}

build {
  sources = ["source.docker.it"]

  provisioner "shell" {
    inline = ["mkdir /whole /inner /there /there/tree", "echo old > /there/tree/old"]
  }
  provisioner "file" {
    source      = "tree"
    destination = "/whole"
  }
  provisioner "file" {
    source      = "tree/"
    destination = "/inner"
  }
  provisioner "file" {
    source      = "tree"
    destination = "/there/"
  }
  provisioner "file" {
    source      = "tree"
    destination = "/made"
  }
  provisioner "file" {
    source      = "tree/"
    destination = "/made-inner"
  }

  post-processor "docker-tag" {
    repository = var.repository
    tags       = ["it"]
  }
}
