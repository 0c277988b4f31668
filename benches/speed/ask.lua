-- Asks for the paths given, in turn.
function init(args) token, paths, at = args[1], {}, 0; for n = 2, #args do paths[n - 1] = args[n] end end
function request() at = at + 1; return wrk.format("GET", paths[at % #paths + 1], {["Authorization"] = "Bearer " .. token}) end
