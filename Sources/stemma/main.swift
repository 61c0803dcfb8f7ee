import Commands
print("x")
