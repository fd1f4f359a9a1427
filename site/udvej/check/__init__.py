"""What editors ask: is the content whole, easy to read and light?"""
