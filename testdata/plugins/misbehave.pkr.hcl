# One build has a plugin that misbehaves; the other must not notice.

variable "how" {
  type = string
}

variable "when" {
  type    = string
  default = "provision"
}

source "files" "spoilt" {
  target = "spoilt"
}

source "files" "other" {
  target = "other"

  file {
    path    = "file"
    content = "content"
  }
}

build {
  sources = ["source.files.spoilt", "source.files.other"]

  provisioner "misbehave" {
    only    = ["files.spoilt"]
    how     = var.how
    when    = var.when
    timeout = "20s"
  }

  provisioner "files-lines" {
    path    = "file"
    present = ["line"]
  }
}
