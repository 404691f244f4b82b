# Functions on time; it is 2020-01-02T03:04:05Z.

formatdate           = [formatdate("YYYY-MM-DD'T'hh:mm:ssZ", "2020-01-02T03:04:05+02:00"), "2020-01-02T03:04:05+02:00"]
formatdate_2         = [formatdate("YY M MMM MMMM D EEE EEEE h H HH m s AA aa Z ZZZ ZZZZ ZZZZZ '''x'", "2020-01-02T13:04:05Z"), "20 1 Jan January 2 Thu Thursday 13 1 01 4 5 PM pm Z UTC +0000 +00:00 'x"]
formatdate_3         = formatdate("Y", "2020-01-02T13:04:05Z")    # error: 35-38 function-call "`Y` stands for no part of a time; put text in quotes"
formatdate_4         = formatdate("'abc", "2020-01-02T13:04:05Z") # error: 35-41 function-call "a quote has no end"
formatdate_5         = formatdate("YYYY", "2020-01-02 13:04:05Z") # error: 43-65 function-call "`2020-01-02 13:04:05Z` is not a time such as `2020-01-02T03:04:05Z`: there is no `T` after the date"
formatdate_6         = [formatdate("''YYYY''", "2020-01-02T13:04:05Z"), "'2020'"]
formatdate_7         = [formatdate("'a''", "2020-01-02T13:04:05Z"), "a'"]
formatdate_8         = [formatdate("é 'é' -/:.", "2020-01-02T13:04:05Z"), "é é -/:."]
formatdate_9         = [formatdate("YYYY", "2020-01-02T03:04:05Z"), "2020"]
formatdate_null      = formatdate(null, "2020-01-02T03:04:05Z") # error: 35-39 function-call "the argument `format` must not be null"
formatdate_unknown   = [formatdate(unknown_string, "2020-01-02T03:04:05Z"), "<unknown string>"]
formatdate_wrong     = formatdate([], "2020-01-02T03:04:05Z") # error: 35-37 function-call "the argument `format` has the wrong type"
formatdate_empty     = [formatdate("", "2020-01-02T03:04:05Z"), ""]
formatdate_unicode   = [formatdate("é👩‍👩‍👧", "2020-01-02T03:04:05Z"), "é👩\u200d👩\u200d👧"]
formatdate_secret    = formatdate(secret, "2020-01-02T03:04:05Z") # error: 35-41 function-call "`u` stands for no part of a time; put text in quotes"
formatdate_null_2    = formatdate("YYYY", null)                   # error: 43-47 function-call "the argument `time` must not be null"
formatdate_unknown_2 = [formatdate("YYYY", unknown_string), "<unknown string>"]
formatdate_wrong_2   = formatdate("YYYY", [])                          # error: 43-45 function-call "the argument `time` has the wrong type"
formatdate_empty_2   = formatdate("YYYY", "")                          # error: 43-45 function-call "`` is not a time such as `2020-01-02T03:04:05Z`: the date is malformed"
formatdate_unicode_2 = formatdate("YYYY", "é👩‍👩‍👧")                        # error: 43-51 function-call "`é👩‍👩‍👧` is not a time such as `2020-01-02T03:04:05Z`: the date is malformed"
formatdate_secret_2  = formatdate("YYYY", secret)                      # error: 43-49 function-call "`hush` is not a time such as `2020-01-02T03:04:05Z`: the date is malformed"
formatdate_more      = formatdate("YYYY", "2020-01-02T03:04:05Z", "x") # error: 67-70 function-call "`formatdate` takes 2 arguments, not 3"
formatdate_less      = formatdate("YYYY")                              # error: 24-42 function-call "`formatdate` takes 2 arguments, not 1"

legacy_isotime         = [legacy_isotime("2006 Jan _2"), "2020 Jan  2"]
legacy_isotime_2       = [legacy_isotime(), "2020-01-02T03:04:05Z"]
legacy_isotime_3       = legacy_isotime("a", "b") # error: 46-49 function-call "at most one format can be given"
legacy_isotime_4       = [legacy_isotime("é 2006"), "é 2020"]
legacy_isotime_5       = [legacy_isotime("2006"), "2020"]
legacy_isotime_null    = legacy_isotime(null) # error: 41-45 function-call "the argument `layout` must not be null"
legacy_isotime_unknown = [legacy_isotime(unknown_string), "<unknown string>"]
legacy_isotime_wrong   = legacy_isotime([]) # error: 41-43 function-call "the argument `layout` has the wrong type"
legacy_isotime_empty   = [legacy_isotime(""), ""]
legacy_isotime_unicode = [legacy_isotime("é👩‍👩‍👧"), "é👩\u200d👩\u200d👧"]
legacy_isotime_secret  = [legacy_isotime(secret), "<sensitive>"]
legacy_isotime_more    = legacy_isotime("2006", "x") # error: 49-52 function-call "at most one format can be given"

legacy_strftime         = [legacy_strftime("%Y %q"), "2020 %q"]
legacy_strftime_2       = [legacy_strftime("é %d"), "é 02"]
legacy_strftime_3       = [legacy_strftime("%Y"), "2020"]
legacy_strftime_null    = legacy_strftime(null) # error: 43-47 function-call "the argument `format` must not be null"
legacy_strftime_unknown = [legacy_strftime(unknown_string), "<unknown string>"]
legacy_strftime_wrong   = legacy_strftime([]) # error: 43-45 function-call "the argument `format` has the wrong type"
legacy_strftime_empty   = [legacy_strftime(""), ""]
legacy_strftime_unicode = [legacy_strftime("é👩‍👩‍👧"), "é👩\u200d👩\u200d👧"]
legacy_strftime_secret  = [legacy_strftime(secret), "<sensitive>"]
legacy_strftime_more    = legacy_strftime("%Y", "x") # error: 49-52 function-call "at most one format can be given"
legacy_strftime_less    = [legacy_strftime(), "2020-01-02T03:04:05Z"]

rfc3339_parse         = [rfc3339_parse("2020-01-02 13:04:05.5+02:00"), { "day" : 2, "hour" : 13, "iso_week" : 1, "iso_year" : 2020, "minute" : 4, "month" : 1, "month_name" : "January", "second" : 5, "unix" : 1577963045, "weekday" : 4, "weekday_name" : "Thursday", "year" : 2020, "year_day" : 2 }]
rfc3339_parse_2       = [rfc3339_parse("2020-01-02T3:04:05,5+24:60").unix, 1577844245]
rfc3339_parse_3       = [rfc3339_parse("9999-12-31T23:59:59-23:59").unix, 253402387139]
rfc3339_parse_4       = [rfc3339_parse("2020-01-02T03:04:05Z"), { "day" : 2, "hour" : 3, "iso_week" : 1, "iso_year" : 2020, "minute" : 4, "month" : 1, "month_name" : "January", "second" : 5, "unix" : 1577934245, "weekday" : 4, "weekday_name" : "Thursday", "year" : 2020, "year_day" : 2 }]
rfc3339_parse_null    = rfc3339_parse(null) # error: 39-43 function-call "the argument `time` must not be null"
rfc3339_parse_unknown = [rfc3339_parse(unknown_string), "<unknown object({day = number, hour = number, iso_week = number, iso_year = number, minute = number, month = number, month_name = string, second = number, unix = number, weekday = number, weekday_name = string, year = number, year_day = number})>"]
rfc3339_parse_wrong   = rfc3339_parse([])                          # error: 39-41 function-call "the argument `time` has the wrong type"
rfc3339_parse_empty   = rfc3339_parse("")                          # error: 39-41 function-call "`` is not a time such as `2020-01-02T03:04:05Z`: the date is malformed"
rfc3339_parse_unicode = rfc3339_parse("é👩‍👩‍👧")                        # error: 39-47 function-call "`é👩‍👩‍👧` is not a time such as `2020-01-02T03:04:05Z`: the date is malformed"
rfc3339_parse_secret  = rfc3339_parse(secret)                      # error: 39-45 function-call "`hush` is not a time such as `2020-01-02T03:04:05Z`: the date is malformed"
rfc3339_parse_more    = rfc3339_parse("2020-01-02T03:04:05Z", "x") # error: 63-66 function-call "`rfc3339_parse` takes 1 argument, not 2"
rfc3339_parse_less    = rfc3339_parse()                            # error: 25-40 function-call "`rfc3339_parse` takes 1 argument, not 0"

timeadd           = [timeadd("2020-01-02T13:04:05.25+02:00", "-1ns"), "2020-01-02T13:04:05+02:00"]
timeadd_2         = [timeadd("2020-01-02T13:04:05Z", "+1.5h1ms"), "2020-01-02T14:34:05Z"]
timeadd_3         = timeadd("2020-01-02T13:04:05Z", "x")      # error: 53-56 function-call "`x` is not a duration such as `1h30m`: a number is missing"
timeadd_4         = timeadd("9999-01-02T13:04:05Z", "99999h") # error: 21-62 function-call "the year is out of range"
timeadd_5         = [timeadd("9999-12-31T23:59:59Z", "0s"), "9999-12-31T23:59:59Z"]
timeadd_6         = timeadd("9999-12-31T23:59:59Z", "1s")                    # error: 21-58 function-call "the year is out of range"
timeadd_7         = timeadd("2020-01-02T03:04:05Z", "9223372036854775808ns") # error: 53-76 function-call "`9223372036854775808ns` is not a duration such as `1h30m`: it is too long"
timeadd_8         = [timeadd("0000-01-01T00:00:00Z", "-1s"), "-0001-12-31T23:59:59Z"]
timeadd_9         = [timeadd("2020-01-02T03:04:05Z", "1h"), "2020-01-02T04:04:05Z"]
timeadd_null      = timeadd(null, "1h") # error: 29-33 function-call "the argument `time` must not be null"
timeadd_unknown   = [timeadd(unknown_string, "1h"), "<unknown string>"]
timeadd_wrong     = timeadd([], "1h")                     # error: 29-31 function-call "the argument `time` has the wrong type"
timeadd_empty     = timeadd("", "1h")                     # error: 29-31 function-call "`` is not a time such as `2020-01-02T03:04:05Z`: the date is malformed"
timeadd_unicode   = timeadd("é👩‍👩‍👧", "1h")                   # error: 29-37 function-call "`é👩‍👩‍👧` is not a time such as `2020-01-02T03:04:05Z`: the date is malformed"
timeadd_secret    = timeadd(secret, "1h")                 # error: 29-35 function-call "`hush` is not a time such as `2020-01-02T03:04:05Z`: the date is malformed"
timeadd_null_2    = timeadd("2020-01-02T03:04:05Z", null) # error: 53-57 function-call "the argument `duration` must not be null"
timeadd_unknown_2 = [timeadd("2020-01-02T03:04:05Z", unknown_string), "<unknown string>"]
timeadd_wrong_2   = timeadd("2020-01-02T03:04:05Z", [])        # error: 53-55 function-call "the argument `duration` has the wrong type"
timeadd_empty_2   = timeadd("2020-01-02T03:04:05Z", "")        # error: 53-55 function-call "`` is not a duration such as `1h30m`: a number is missing"
timeadd_unicode_2 = timeadd("2020-01-02T03:04:05Z", "é👩‍👩‍👧")      # error: 53-61 function-call "`é👩‍👩‍👧` is not a duration such as `1h30m`: a number is missing"
timeadd_secret_2  = timeadd("2020-01-02T03:04:05Z", secret)    # error: 53-59 function-call "`hush` is not a duration such as `1h30m`: a number is missing"
timeadd_more      = timeadd("2020-01-02T03:04:05Z", "1h", "x") # error: 59-62 function-call "`timeadd` takes 2 arguments, not 3"
timeadd_less      = timeadd("2020-01-02T03:04:05Z")            # error: 21-52 function-call "`timeadd` takes 2 arguments, not 1"

timestamp   = [timestamp(), "2020-01-02T03:04:05Z"]
timestamp_2 = timestamp("x") # error: 25-28 function-call "`timestamp` takes 0 arguments, not 1"

unix_timestamp_parse          = [unix_timestamp_parse(0).rfc3339, "1970-01-01T00:00:00Z"]
unix_timestamp_parse_2        = unix_timestamp_parse(1.5) # error: 54-57 function-call "a whole number of seconds is required"
unix_timestamp_parse_3        = [unix_timestamp_parse(253402300799).rfc3339, "9999-12-31T23:59:59Z"]
unix_timestamp_parse_4        = unix_timestamp_parse(253402300800) # error: 54-66 function-call "the year is out of range"
unix_timestamp_parse_5        = [unix_timestamp_parse(-1).rfc3339, "1969-12-31T23:59:59Z"]
unix_timestamp_parse_6        = unix_timestamp_parse(1e18) # error: 54-58 function-call "the year is out of range"
unix_timestamp_parse_7        = [unix_timestamp_parse(0), { "day" : 1, "hour" : 0, "iso_week" : 1, "iso_year" : 1970, "minute" : 0, "month" : 1, "month_name" : "January", "rfc3339" : "1970-01-01T00:00:00Z", "second" : 0, "weekday" : 4, "weekday_name" : "Thursday", "year" : 1970, "year_day" : 1 }]
unix_timestamp_parse_null     = unix_timestamp_parse(null) # error: 54-58 function-call "the argument `seconds` must not be null"
unix_timestamp_parse_unknown  = [unix_timestamp_parse(unknown_number), "<unknown object({day = number, hour = number, iso_week = number, iso_year = number, minute = number, month = number, month_name = string, rfc3339 = string, second = number, weekday = number, weekday_name = string, year = number, year_day = number})>"]
unix_timestamp_parse_wrong    = unix_timestamp_parse("x") # error: 54-57 function-call "the argument `seconds` has the wrong type"
unix_timestamp_parse_negative = [unix_timestamp_parse(-1), { "day" : 31, "hour" : 23, "iso_week" : 1, "iso_year" : 1970, "minute" : 59, "month" : 12, "month_name" : "December", "rfc3339" : "1969-12-31T23:59:59Z", "second" : 59, "weekday" : 3, "weekday_name" : "Wednesday", "year" : 1969, "year_day" : 365 }]
unix_timestamp_parse_fraction = unix_timestamp_parse(0.5)    # error: 54-57 function-call "a whole number of seconds is required"
unix_timestamp_parse_more     = unix_timestamp_parse(0, "x") # error: 57-60 function-call "`unix_timestamp_parse` takes 1 argument, not 2"
unix_timestamp_parse_less     = unix_timestamp_parse()       # error: 33-55 function-call "`unix_timestamp_parse` takes 1 argument, not 0"
