# Functions that ask the places that keep secrets.

aws_secretsmanager           = [aws_secretsmanager("app", null), "<sensitive>"]
aws_secretsmanager_2         = aws_secretsmanager("nope", null) # error: 32-64 function-call "there is no such secret"
aws_secretsmanager_3         = [aws_secretsmanager("app", "password"), "<sensitive>"]
aws_secretsmanager_null      = aws_secretsmanager(null, "password") # error: 51-55 function-call "the argument `name` must not be null"
aws_secretsmanager_unknown   = [aws_secretsmanager(unknown_string, "password"), "<unknown string>"]
aws_secretsmanager_wrong     = aws_secretsmanager([], "password")     # error: 51-53 function-call "the argument `name` has the wrong type"
aws_secretsmanager_empty     = aws_secretsmanager("", "password")     # error: 51-53 function-call "it must not be empty"
aws_secretsmanager_unicode   = aws_secretsmanager("é👩‍👩‍👧", "password")   # error: 32-72 function-call "there is no such secret"
aws_secretsmanager_secret    = aws_secretsmanager(secret, "password") # error: 32-70 function-call "there is no such secret"
aws_secretsmanager_unknown_2 = [aws_secretsmanager("app", unknown_string), "<unknown string>"]
aws_secretsmanager_wrong_2   = aws_secretsmanager("app", []) # error: 58-60 function-call "the argument `key` has the wrong type"
aws_secretsmanager_empty_2   = [aws_secretsmanager("app", ""), "<sensitive>"]
aws_secretsmanager_unicode_2 = aws_secretsmanager("app", "é👩‍👩‍👧")            # error: 32-67 function-call "there is no such secret"
aws_secretsmanager_secret_2  = aws_secretsmanager("app", secret)          # error: 32-65 function-call "there is no such secret"
aws_secretsmanager_more      = aws_secretsmanager("app", "password", "x") # error: 70-73 function-call "`aws_secretsmanager` takes 2 arguments, not 3"
aws_secretsmanager_less      = aws_secretsmanager("app")                  # error: 32-57 function-call "`aws_secretsmanager` takes 2 arguments, not 1"

aws_secretsmanager_raw         = [aws_secretsmanager_raw("app"), "<sensitive>"]
aws_secretsmanager_raw_null    = aws_secretsmanager_raw(null) # error: 57-61 function-call "the argument `name` must not be null"
aws_secretsmanager_raw_unknown = [aws_secretsmanager_raw(unknown_string), "<unknown string>"]
aws_secretsmanager_raw_wrong   = aws_secretsmanager_raw([])         # error: 57-59 function-call "the argument `name` has the wrong type"
aws_secretsmanager_raw_empty   = aws_secretsmanager_raw("")         # error: 57-59 function-call "it must not be empty"
aws_secretsmanager_raw_unicode = aws_secretsmanager_raw("é👩‍👩‍👧")       # error: 34-66 function-call "there is no such secret"
aws_secretsmanager_raw_secret  = aws_secretsmanager_raw(secret)     # error: 34-64 function-call "there is no such secret"
aws_secretsmanager_raw_more    = aws_secretsmanager_raw("app", "x") # error: 64-67 function-call "`aws_secretsmanager_raw` takes 1 argument, not 2"
aws_secretsmanager_raw_less    = aws_secretsmanager_raw()           # error: 34-58 function-call "`aws_secretsmanager_raw` takes 1 argument, not 0"

consul_key         = [consul_key("app/password"), "<sensitive>"]
consul_key_null    = consul_key(null) # error: 33-37 function-call "the argument `key` must not be null"
consul_key_unknown = [consul_key(unknown_string), "<unknown string>"]
consul_key_wrong   = consul_key([])                  # error: 33-35 function-call "the argument `key` has the wrong type"
consul_key_empty   = consul_key("")                  # error: 33-35 function-call "it must not be empty"
consul_key_unicode = consul_key("é👩‍👩‍👧")                # error: 22-42 function-call "there is no such secret"
consul_key_secret  = consul_key(secret)              # error: 22-40 function-call "there is no such secret"
consul_key_more    = consul_key("app/password", "x") # error: 49-52 function-call "`consul_key` takes 1 argument, not 2"
consul_key_less    = consul_key()                    # error: 22-34 function-call "`consul_key` takes 1 argument, not 0"

vault           = vault("secret/data/app", "nope") # error: 19-51 function-call "there is no such secret"
vault_2         = vault("", "x")                   # error: 25-27 function-call "it must not be empty"
vault_3         = [vault("secret/data/app", "password"), "<sensitive>"]
vault_null      = vault(null, "password") # error: 25-29 function-call "the argument `path` must not be null"
vault_unknown   = [vault(unknown_string, "password"), "<unknown string>"]
vault_wrong     = vault([], "password")          # error: 25-27 function-call "the argument `path` has the wrong type"
vault_empty     = vault("", "password")          # error: 25-27 function-call "it must not be empty"
vault_unicode   = vault("é👩‍👩‍👧", "password")        # error: 19-46 function-call "there is no such secret"
vault_secret    = vault(secret, "password")      # error: 19-44 function-call "there is no such secret"
vault_null_2    = vault("secret/data/app", null) # error: 44-48 function-call "the argument `key` must not be null"
vault_unknown_2 = [vault("secret/data/app", unknown_string), "<unknown string>"]
vault_wrong_2   = vault("secret/data/app", [])              # error: 44-46 function-call "the argument `key` has the wrong type"
vault_empty_2   = vault("secret/data/app", "")              # error: 19-47 function-call "there is no such secret"
vault_unicode_2 = vault("secret/data/app", "é👩‍👩‍👧")            # error: 19-53 function-call "there is no such secret"
vault_secret_2  = vault("secret/data/app", secret)          # error: 19-51 function-call "there is no such secret"
vault_more      = vault("secret/data/app", "password", "x") # error: 56-59 function-call "`vault` takes 2 arguments, not 3"
vault_less      = vault("secret/data/app")                  # error: 19-43 function-call "`vault` takes 2 arguments, not 1"
