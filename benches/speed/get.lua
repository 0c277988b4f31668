-- Reads single dossiers, all over the table; `codes` holds a code a line.
local threads = 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function init(args)
  token, paths, at = args[2], {}, id * 1009
  for code in io.lines(args[1]) do paths[#paths + 1] = "/v1/dossiers/" .. code end
end
function request() at = at + 7919; return wrk.format("GET", paths[at % #paths + 1], {["Authorization"] = "Bearer " .. token}) end
