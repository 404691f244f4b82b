# Builds an image with a user and a page, and checks that they are as they should be.
#
#     cargo build --release
#     # install target/release/packer-plugin-goss as docs/plugins.md says
#     cooper build example.pkr.hcl

packer {
  required_plugins {
    goss = {
      source  = "github.com/example/goss"
      version = ">= 0.1.0"
    }
  }
}

variable "image" {
  type    = string
  default = "alpine:latest"
}

variable "make_user" {
  type    = string
  default = "adduser -D -h /srv/web web"
}

source "docker" "web" {
  image  = var.image
  commit = true
}

build {
  sources = ["source.docker.web"]

  provisioner "shell" {
    inline = [
      var.make_user,
      "echo '<h1>Welcome</h1>' > /srv/web/index.html",
      "chown web:web /srv/web/index.html && chmod 640 /srv/web/index.html",
      "(cd /srv/web && httpd -p 8080)",
    ]
  }

  provisioner "goss" {
    retries  = 5
    interval = "1s"
    junit    = "reports/${source.name}.xml"

    file {
      path     = "/srv/web/index.html"
      mode     = "0640"
      owner    = "web"
      contains = ["Welcome", "!TODO", "/^<h1>/"]
    }

    file {
      path   = "/root/.ssh/authorized_keys"
      exists = false
    }

    command {
      run    = "wget -q -O - http://127.0.0.1:8080/"
      stdout = ["Welcome"]
    }

    user {
      name   = "web"
      home   = "/srv/web"
      groups = ["web"]
    }

    group {
      name = "web"
    }

    port {
      number = 8080
    }
  }

  post-processor "docker-tag" {
    repository = "web"
    tags       = ["checked"]
  }
}
