"""Does a study come out the same in other folders, locales and time zones?"""
