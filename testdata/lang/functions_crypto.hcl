# Digests, passwords, keys and identifiers.

bcrypt           = [bcrypt("a", 4), "$2a$04$/uaF/uaF/uaF/uaF/uaF/ugojBkJvLTTZPRzvDSCI3PIUPaJ5ojDa"]
bcrypt_2         = bcrypt("a", 17)            # error: 32-34 function-call "the cost must not be greater than 16"
bcrypt_3         = bcrypt("a", 4, 4)          # error: 35-36 function-call "at most one cost can be given"
bcrypt_4         = bcrypt("a", "x")           # error: 32-35 function-call "the argument `cost` has the wrong type"
bcrypt_5         = bcrypt(format("%073d", 0)) # error: 27-45 function-call "Expected 72 bytes or fewer; found 74 bytes"
bcrypt_6         = bcrypt("a", 31)            # error: 32-34 function-call "the cost must not be greater than 16"
bcrypt_7         = bcrypt("a", 1e18)          # error: 32-36 function-call "the cost must not be greater than 16"
bcrypt_8         = [bcrypt("é", 4), "$2a$04$/uaF/uaF/uaF/uaF/uaF/uzXyTZPoymU8q7Wg3KWrHyQcGqFwbk6a"]
bcrypt_null      = bcrypt(null, 4) # error: 27-31 function-call "the argument `text` must not be null"
bcrypt_unknown   = [bcrypt(unknown_string, 4), "<unknown string>"]
bcrypt_wrong     = bcrypt([], 4) # error: 27-29 function-call "the argument `text` has the wrong type"
bcrypt_empty     = [bcrypt("", 4), "$2a$04$/uaF/uaF/uaF/uaF/uaF/ug0IxynTgi9KGDC9Ai.2CD1wsFqroU9q"]
bcrypt_unicode   = [bcrypt("é👩‍👩‍👧", 4), "$2a$04$/uaF/uaF/uaF/uaF/uaF/uAuDCiqCUyh8bhZLFq.cfT.ByaizeseC"]
bcrypt_secret    = [bcrypt(secret, 4), "<sensitive>"]
bcrypt_null_2    = bcrypt("a", null) # error: 32-36 function-call "the argument `cost` must not be null"
bcrypt_unknown_2 = [bcrypt("a", unknown_number), "<unknown string>"]
bcrypt_negative  = [bcrypt("a", -1), "$2a$10$/uaF/uaF/uaF/uaF/uaF/u.5pNJ0ZIJfmPsJwGlCiYx/hBn/KeKG2"]
bcrypt_fraction  = bcrypt("a", 0.5)    # error: 32-35 function-call "a whole number is required"
bcrypt_more      = bcrypt("a", 4, "x") # error: 35-38 function-call "the argument `cost` has the wrong type"
bcrypt_less      = [bcrypt("a"), "$2a$10$/uaF/uaF/uaF/uaF/uaF/u.5pNJ0ZIJfmPsJwGlCiYx/hBn/KeKG2"]

md5         = [md5("a"), "0cc175b9c0f1b6a831c399e269772661"]
md5_2       = [md5("é"), "66ddcd97cfdeabb2f6fb8a999b4bc76f"]
md5_null    = md5(null) # error: 19-23 function-call "the argument `text` must not be null"
md5_unknown = [md5(unknown_string), "<unknown string>"]
md5_wrong   = md5([]) # error: 19-21 function-call "the argument `text` has the wrong type"
md5_empty   = [md5(""), "d41d8cd98f00b204e9800998ecf8427e"]
md5_unicode = [md5("é👩‍👩‍👧"), "233cdd27f639db6574f51bb5f3b1e84a"]
md5_secret  = [md5(secret), "<sensitive>"]
md5_more    = md5("a", "x") # error: 24-27 function-call "`md5` takes 1 argument, not 2"
md5_less    = md5()         # error: 15-20 function-call "`md5` takes 1 argument, not 0"

rsadecrypt           = rsadecrypt("YQ==", file("keys/one.pem"))                    # error: 35-41 function-call "it was not encrypted for this key"
rsadecrypt_2         = rsadecrypt("!", file("keys/one.pem"))                       # error: 35-38 function-call "it is not Base64: Invalid symbol 33, offset 0."
rsadecrypt_3         = rsadecrypt("YQ==", "x")                                     # error: 43-46 function-call "it is no text with `BEGIN RSA PRIVATE KEY`; `openssl rsa -traditional` makes one of other keys"
rsadecrypt_4         = rsadecrypt("YQ==", "-----BEGIN ENCRYPTED PRIVATE KEY-----") # error: 43-82 function-call "a key with a passphrase cannot be used; take the passphrase off"
rsadecrypt_null      = rsadecrypt(null, file("keys/one.pem"))                      # error: 35-39 function-call "the argument `text` must not be null"
rsadecrypt_unknown   = [rsadecrypt(unknown_string, file("keys/one.pem")), "<unknown string>"]
rsadecrypt_wrong     = rsadecrypt([], file("keys/one.pem"))     # error: 35-37 function-call "the argument `text` has the wrong type"
rsadecrypt_empty     = rsadecrypt("", file("keys/one.pem"))     # error: 35-37 function-call "it was not encrypted for this key"
rsadecrypt_unicode   = rsadecrypt("é👩‍👩‍👧", file("keys/one.pem"))   # error: 35-43 function-call "it is not Base64: Invalid symbol 195, offset 0."
rsadecrypt_secret    = rsadecrypt(secret, file("keys/one.pem")) # error: 35-41 function-call "it was not encrypted for this key"
rsadecrypt_null_2    = rsadecrypt("YQ==", null)                 # error: 43-47 function-call "the argument `key` must not be null"
rsadecrypt_unknown_2 = [rsadecrypt("YQ==", unknown_string), "<unknown string>"]
rsadecrypt_wrong_2   = rsadecrypt("YQ==", [])                        # error: 43-45 function-call "the argument `key` has the wrong type"
rsadecrypt_empty_2   = rsadecrypt("YQ==", "")                        # error: 43-45 function-call "it is no text with `BEGIN RSA PRIVATE KEY`; `openssl rsa -traditional` makes one of other keys"
rsadecrypt_unicode_2 = rsadecrypt("YQ==", "é👩‍👩‍👧")                      # error: 43-51 function-call "it is no text with `BEGIN RSA PRIVATE KEY`; `openssl rsa -traditional` makes one of other keys"
rsadecrypt_secret_2  = rsadecrypt("YQ==", secret)                    # error: 43-49 function-call "it is no text with `BEGIN RSA PRIVATE KEY`; `openssl rsa -traditional` makes one of other keys"
rsadecrypt_more      = rsadecrypt("YQ==", file("keys/one.pem"), "x") # error: 65-68 function-call "`rsadecrypt` takes 2 arguments, not 3"
rsadecrypt_less      = rsadecrypt("YQ==")                            # error: 24-42 function-call "`rsadecrypt` takes 2 arguments, not 1"

sha1         = [sha1("a"), "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"]
sha1_null    = sha1(null) # error: 21-25 function-call "the argument `text` must not be null"
sha1_unknown = [sha1(unknown_string), "<unknown string>"]
sha1_wrong   = sha1([]) # error: 21-23 function-call "the argument `text` has the wrong type"
sha1_empty   = [sha1(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709"]
sha1_unicode = [sha1("é👩‍👩‍👧"), "4f903f511a8ed69f206af148e1d630ff63891f34"]
sha1_secret  = [sha1(secret), "<sensitive>"]
sha1_more    = sha1("a", "x") # error: 26-29 function-call "`sha1` takes 1 argument, not 2"
sha1_less    = sha1()         # error: 16-22 function-call "`sha1` takes 1 argument, not 0"

sha256         = [sha256("a"), "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"]
sha256_null    = sha256(null) # error: 25-29 function-call "the argument `text` must not be null"
sha256_unknown = [sha256(unknown_string), "<unknown string>"]
sha256_wrong   = sha256([]) # error: 25-27 function-call "the argument `text` has the wrong type"
sha256_empty   = [sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]
sha256_unicode = [sha256("é👩‍👩‍👧"), "93ee65c7897912eecee9f08902fb1a292cceb4c2efe1d894f4d6655ace24ea28"]
sha256_secret  = [sha256(secret), "<sensitive>"]
sha256_more    = sha256("a", "x") # error: 30-33 function-call "`sha256` takes 1 argument, not 2"
sha256_less    = sha256()         # error: 18-26 function-call "`sha256` takes 1 argument, not 0"

sha512         = [sha512("a"), "1f40fc92da241694750979ee6cf582f2d5d7d28e18335de05abc54d0560e0f5302860c652bf08d560252aa5e74210546f369fbbbce8c12cfc7957b2652fe9a75"]
sha512_null    = sha512(null) # error: 25-29 function-call "the argument `text` must not be null"
sha512_unknown = [sha512(unknown_string), "<unknown string>"]
sha512_wrong   = sha512([]) # error: 25-27 function-call "the argument `text` has the wrong type"
sha512_empty   = [sha512(""), "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"]
sha512_unicode = [sha512("é👩‍👩‍👧"), "287c677762aa4f6845177d131eed62fb6523fdaee088a04d71c628ce4cc393960d0468c5dfe66f5693c0ce9368b338da128a5db8fc69788aaeb1ace1e124413e"]
sha512_secret  = [sha512(secret), "<sensitive>"]
sha512_more    = sha512("a", "x") # error: 30-33 function-call "`sha512` takes 1 argument, not 2"
sha512_less    = sha512()         # error: 18-26 function-call "`sha512` takes 1 argument, not 0"

uuidv4   = [uuidv4(), "07070707-0707-4707-8707-070707070707"]
uuidv4_2 = uuidv4("x") # error: 19-22 function-call "`uuidv4` takes 0 arguments, not 1"

uuidv5           = [uuidv5("dns", "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2"]
uuidv5_2         = [uuidv5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x"), "05b16a01-46c6-56dd-bd6e-c6dfb4a1427a"]
uuidv5_3         = uuidv5("bad", "x") # error: 27-32 function-call "a UUID or one of `dns`, `url`, `oid`, `x500` is required"
uuidv5_4         = [uuidv5("dns", "é"), "ebfe0af8-3997-5ade-b634-ba92cf69f557"]
uuidv5_5         = [uuidv5("dns", "x"), "05b16a01-46c6-56dd-bd6e-c6dfb4a1427a"]
uuidv5_null      = uuidv5(null, "x") # error: 27-31 function-call "the argument `namespace` must not be null"
uuidv5_unknown   = [uuidv5(unknown_string, "x"), "<unknown string>"]
uuidv5_wrong     = uuidv5([], "x")     # error: 27-29 function-call "the argument `namespace` has the wrong type"
uuidv5_empty     = uuidv5("", "x")     # error: 27-29 function-call "a UUID or one of `dns`, `url`, `oid`, `x500` is required"
uuidv5_unicode   = uuidv5("é👩‍👩‍👧", "x")   # error: 27-35 function-call "a UUID or one of `dns`, `url`, `oid`, `x500` is required"
uuidv5_secret    = uuidv5(secret, "x") # error: 27-33 function-call "a UUID or one of `dns`, `url`, `oid`, `x500` is required"
uuidv5_null_2    = uuidv5("dns", null) # error: 34-38 function-call "the argument `name` must not be null"
uuidv5_unknown_2 = [uuidv5("dns", unknown_string), "<unknown string>"]
uuidv5_wrong_2   = uuidv5("dns", []) # error: 34-36 function-call "the argument `name` has the wrong type"
uuidv5_empty_2   = [uuidv5("dns", ""), "4ebd0208-8328-5d69-8c44-ec50939c0967"]
uuidv5_unicode_2 = [uuidv5("dns", "é👩‍👩‍👧"), "ae3f333c-d0e9-5aec-9579-135856c38272"]
uuidv5_secret_2  = [uuidv5("dns", secret), "<sensitive>"]
uuidv5_more      = uuidv5("dns", "x", "x") # error: 39-42 function-call "`uuidv5` takes 2 arguments, not 3"
uuidv5_less      = uuidv5("dns")           # error: 20-33 function-call "`uuidv5` takes 2 arguments, not 1"
