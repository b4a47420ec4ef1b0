// The one unit that builds the precompiled header.
