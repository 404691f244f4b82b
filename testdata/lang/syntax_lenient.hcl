# What HCL refuses without need.

key   = [{ for = 1 }.for, 1]
colon = [{ for : 1 }.for, 1]
