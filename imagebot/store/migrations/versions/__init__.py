"""The steps. One that was released is never changed: what is wrong with it is put right by the next."""
