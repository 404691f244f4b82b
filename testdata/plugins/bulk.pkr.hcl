# A plugin's provisioner moves much into another plugin's machine, and out of it.

variable "amount" {
  type = number
}

variable "how" {
  type    = string
  default = "move much"
}

source "files" "machine" {
  target = "machine"
}

build {
  sources = ["source.files.machine"]

  provisioner "misbehave" {
    how    = var.how
    amount = var.amount
  }
}
