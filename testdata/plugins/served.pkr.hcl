# Debian's Packer as the plugin `debian`: its builder with provisioners of ours, and ours with its own.

variable "repository" {
  type    = string
  default = "cooper-test/served"
}

source "debian-docker" "theirs" {
  image   = "base:latest"
  commit  = true
  pull    = false
  changes = ["ENV SERVED=yes"]
}

source "docker" "ours" {
  image   = "base:latest"
  discard = true
  pull    = false
}

build {
  sources = ["source.debian-docker.theirs", "source.docker.ours"]

  provisioner "debian-shell" {
    environment_vars = ["WHO=debian", "NAME=${source.name}"]
    inline = [
      "echo \"$WHO in $NAME, $PACKER_BUILD_NAME\" > /who",
      "echo to standard error >&2",
      "test \"$PACKER_BUILDER_TYPE\" = '${source.type}'",
    ]
  }

  provisioner "debian-file" {
    source      = "${path.root}/served.pkr.hcl"
    destination = "/template"
  }

  provisioner "file" {
    source      = "${path.root}/served.pkr.hcl"
    destination = "/template.again"
  }

  provisioner "debian-shell" {
    inline            = ["exit 3"]
    valid_exit_codes  = [3]
  }

  provisioner "shell" {
    inline = [
      "cat /who",
      "grep -qx 'debian in ${source.name}, ${source.name}' /who",
      "cmp /template /template.again",
    ]
  }

  provisioner "file" {
    direction   = "download"
    source      = "/who"
    destination = "who-${source.name}"
  }

  post-processors {
    post-processor "debian-docker-tag" {
      only       = ["debian-docker.theirs"]
      repository = var.repository
      tag        = ["theirs"]
    }

    post-processor "docker-tag" {
      only       = ["debian-docker.theirs"]
      repository = var.repository
      tags       = ["ours"]
    }
  }

  post-processor "debian-manifest" {
    only   = ["debian-docker.theirs"]
    output = "manifest.json"
  }
}
