# Builds a folder of files and an archive of it, without any container.
#
#     go build .
#     # install packer-plugin-files as docs/plugins.md says
#     cooper build example.pkr.hcl

packer {
  required_plugins {
    files = {
      source  = "github.com/example/files"
      version = ">= 0.1.0"
    }
  }
}

data "files-tree" "sources" {
  path    = path.root
  include = ["*.go"]
}

source "files" "site" {
  target = "site"

  file {
    path    = "etc/app.conf"
    content = "# port = 80\nname = app\n"
  }

  file {
    path       = "bin/app"
    content    = "#!/bin/sh\ncat etc/app.conf\n"
    executable = true
  }

  limit {
    files = 10
    bytes = 100000
  }
}

build {
  sources = ["source.files.site"]

  provisioner "files-lines" {
    path      = "etc/app.conf"
    separator = " = "
    settings = {
      port = 8080
    }
    present = ["# made from ${data.files-tree.sources.count} files: ${data.files-tree.sources.digest}"]
  }

  # Commands run in the folder, on this computer.
  provisioner "shell" {
    remote_folder = "."
    inline        = ["bin/app"]
  }

  post-processors {
    post-processor "files-list" {}

    post-processor "files-tar" {
      output = "site.tar.gz"
    }
  }
}
