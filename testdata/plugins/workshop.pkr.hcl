# One component of each kind, all on the SDK for Rust.

variable "input" {
  type    = string
  default = "goes"
}

data "workshop-words" "text" {
  text = "to be to live"
}

locals {
  found = data.workshop-words.text
}

source "workshop" "bench" {
  folder = "bench"
}

build {
  sources = ["source.workshop.bench"]

  provisioner "workshop-move" {
    source   = "${path.root}/inside"
    target   = "outside"
    password = "open sesame"
    files = {
      "counted" = join(" ", [local.found.count, local.found.mean, local.found.times["to"], local.found.longest, local.found.is_empty])
      "id"      = build.ID
    }

    step {
      run   = "tr a-z A-Z > loud; echo loud"
      input = "what is said"
    }

    step {
      run    = "echo problem >&2; exit 3"
      status = 3
    }

    step {
      run = "stat -c %a counted; cat inside/file; rm -r inside"
    }
  }

  post-processor "workshop-list" {
    output = "list"
    input  = var.input
  }
}
