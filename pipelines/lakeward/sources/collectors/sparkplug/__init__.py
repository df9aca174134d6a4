"""The collector of Sparkplug B: a host at a broker, whose state edges see."""
