"""Does a crate hold what its graph and its seal say, and keep the rules of its profile?"""
