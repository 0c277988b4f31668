-- Moves a slice of dossiers, `first` to `last` of `codes`, to processing, then to finished, then to returned.
local threads = 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
local moves = {'{"to":"processing"}', '{"to":"finished","outcome":"granted"}', '{"to":"returned"}'}
function init(args)
  tokens, codes, at = {}, {}, 0
  for line in io.lines(args[1]) do local agency, token = line:match("(%S+) (%S+)"); tokens[agency] = token end
  local n, first, last, of = 0, tonumber(args[3]), tonumber(args[4]), tonumber(args[5])
  for code in io.lines(args[2]) do
    if n >= first and n < last and n % of == id then codes[#codes + 1] = code end
    n = n + 1
  end
end
function request()
  local move, code = moves[math.floor(at / #codes) % 3 + 1], codes[at % #codes + 1]
  at = at + 1
  return wrk.format("POST", "/v1/dossiers/" .. code .. "/transitions", {["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. tokens[code:match("^(.-)%-")]}, move)
end
