# What the expressions of this folder are about: `cooper console` and Packer's show the same.

variable "text" {
  default = "x"
}
variable "list" {
  default = ["a", "b", "c"]
}
variable "map" {
  default = { one = 1, "two words" = "2" }
}
variable "none" {
  default = null
}
variable "hidden" {
  default   = "hunter22"
  sensitive = true
}
locals {
  object = { k = [1, 2.5, true], n = null, s = "quo\"te", e = {}, l = [] }
  lines  = <<-EOT
    first
      second	tab
  EOT
}
