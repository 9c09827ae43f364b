"""Objects as tables, outlines and ROIs, in the words of the programs that go on with them."""
