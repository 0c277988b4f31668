-- Creates dossiers, each request as the front desk of another agency; `tokens` holds "agency token" lines.
local threads = 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function init(args)
  who, at = {}, id * 17
  for line in io.lines(args[1]) do
    local agency, token = line:match("(%S+) (%S+)")
    local body = string.format('{"procedure":"9.%06d","agency":"%s","channel":"direct","applicant":{"kind":"citizen","name":"Nguyễn Thị Đo","identity_no":"012345678901","phone":"0901234567"},"summary":"đo tốc độ"}', #who % 40, agency)
    who[#who + 1] = wrk.format("POST", "/v1/dossiers", {["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token}, body)
  end
end
function request() at = at + 1; return who[at % #who + 1] end
