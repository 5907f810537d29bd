"""What a person writes after `image:`.

Values in, values out. Keeps the spelling it was given: a reference is never rewritten in a longer or shorter form.
"""
