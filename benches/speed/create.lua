-- Creates dossiers, each of another person and as the front desk of another agency; `tokens` holds "agency token" lines.
local threads = 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function init(args)
  math.randomseed(os.time() * 10 + id)
  desks, at = {}, id * 17
  for line in io.lines(args[1]) do
    local agency, token = line:match("(%S+) (%S+)")
    desks[#desks + 1] = {
      headers = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token},
      body = string.format('{"procedure":"9.%06d","agency":"%s","channel":"direct","summary":"đo tốc độ","applicant":{"kind":"citizen","name":"Nguyễn Thị Đo"', #desks % 40, agency),
    }
  end
end
function request()
  at = at + 1
  local desk = desks[at % #desks + 1]
  local number = math.random(0, 99999999)
  local body = string.format('%s,"identity_no":"0010%08d","phone":"09%08d"}}', desk.body, number, number)
  return wrk.format("POST", "/v1/dossiers", desk.headers, body)
end
