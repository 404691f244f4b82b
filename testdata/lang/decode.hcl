# Blocks read by a schema; a label is the expected value.

sample "{\"commit\": null, \"image\": \"a\", \"limits\": null, \"mount\": [], \"settings\": null, \"tags\": null}" {
  image = "a"
  tags  = null
}

sample "{\"commit\": true, \"image\": \"1\", \"limits\": {\"path\": \"x\"}, \"mount\": [{\"path\": \"a\"}, {\"path\": \"b\"}], \"settings\": [{\"mode\": \"m\", \"size\": 1}], \"tags\": [\"1\", \"b\"]}" {
  image    = 1
  commit   = "true"
  tags     = [1, "b"]
  settings = [{ mode = "m", size = "1", extra = 1 }]
  mount { path = "a" }
  limits { path = "x" }
  mount { path = "b" }
}

sample "{\"commit\": <unknown bool>, \"image\": <sensitive>, \"limits\": null, \"mount\": [], \"settings\": null, \"tags\": <unknown list(string)>}" {
  image  = secret
  commit = unknown_bool
  tags   = unknown
}

# error: 1-7 missing-argument "the argument `image` is required"
sample {
}

sample {
  image    = null # error: 14-18 missing-argument "must not be null"
  tags     = "x" # error: 14-17 wrong-type "the argument `tags` has the wrong type"
  commit   = "yes" # error: 14-19 wrong-type "the argument `commit` has the wrong type"
  settings = [{ mode = "m", size = "x" }] # error: 36-39 wrong-type "`settings`"
  tgas     = [] # error: 3-7 unknown-argument "there is no argument called `tgas` here"
  mount    = {} # error: 3-8 unknown-argument "`mount`"
  image { # error: 3-8 unknown-block "there is no block called `image` here"
  }
  mnt {} # error: 3-6 unknown-block "`mnt`"
}

sample {
  image    = nope # error: 14-18 unknown-variable "`nope`"
  settings = [{ mode = [] }] # error: 24-26 wrong-type "`settings`"
  mount "a" { path = "a" } # error: 9-12 wrong-labels "a `mount` block takes no labels"
  mount {} # error: 3-8 missing-argument "`path`"
  limits { path = 1 }
  limits { path = 2 } # error: 3-9 duplicate "only one `limits` block is allowed"
}
