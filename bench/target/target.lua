-- target.lua
--	  The load target: what the API answers, made as fast as can be.
--
-- The path says how: /delay/MS/tasks/N/v2/model.  Every answer but that of a
-- control page comes MS milliseconds late; the list has N tasks.  All ids have
-- the same length, so an answer's length is known without building it.
-- Signatures are not looked at: test/simulator does that, for the tests.
--
-- bench/target/target.lua

local target = {}

local counters = ngx.shared.counters
local format = string.format
local match = string.match

local REQUEST_ID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
local LATIN = {"demo", "nightly", "ernie-speed", "int8"}
local CHINESE = {"压缩任务", "量化-夜间", "模型 压缩/测试", "夜间批量"}
local STATES = {"succeeded", "failed", "running", "succeeded", "stopped"}

-- The tasks repeat every 100, but for their ids.  A task is a head, its id and
-- a tail.
local HEAD = '{"id":"'
local list_tails = {}
local detail_tails = {}
for i = 0, 99 do
	local name = i % 2 == 0 and LATIN[i % 4 + 1] or CHINESE[i % 4 + 1]
	local state = STATES[i % 5 + 1]
	local common = format('","name":"%s-%d","description":"%s","%s":"%s",' ..
		'"sourceModelId":"amv-%012d","modelId":"%s",' ..
		'"createTime":"2024-04-%02dT17:16:22+08:00",' ..
		'"finishTime":"2024-04-%02dT17:36:22+08:00"',
		name, i, i % 3 == 0 and "" or "a description of the usual length",
		"status", state, i % 17,
		state == "succeeded" and format("amv-%012d", i) or "",
		i % 28 + 1, i % 28 + 1)
	list_tails[i] = common .. "}"
	detail_tails[i] = common .. format(',"failedReason":"%s",' ..
		'"config":{"strategy":"Quantization","weight":"W8A16C16"}}',
		state == "failed" and "out of memory" or "")
end

local DETAIL_HEAD = '{"requestId":"' .. REQUEST_ID .. '","result":' .. HEAD
local UNKNOWN = '{"requestId":"' .. REQUEST_ID .. '","result":null}'

local function send(parts, length)
	ngx.header["Content-Length"] = length
	counters:incr("bytes", length)
	ngx.print(parts)
end

local function detail(body)
	local id = match(body, '"modelCompTaskId":%s*"([^"]+)"')
	if not id then
		return ngx.exit(400)
	end
	local number = tonumber(string.sub(id, 6))
	if not number then
		return send(UNKNOWN, #UNKNOWN)
	end
	local tail = detail_tails[number % 100]
	return send({DETAIL_HEAD, id, tail, "}"},
		#DETAIL_HEAD + #id + #tail + 1)
end

local function list(body, ntasks)
	local first = tonumber(match(body, '"marker":%s*"amva%-(%d+)"')) or 0
	local size = tonumber(match(body, '"maxKeys":%s*(%d+)')) or 100
	local last = math.min(first + size, ntasks)
	local parts = {}
	local n = 1
	local length = 0
	local before = ""

	parts[1] = ""
	for i = first, last - 1 do
		local id = format("amva-%012d", i)
		local tail = list_tails[i % 100]

		parts[n + 1] = before
		parts[n + 2] = HEAD
		parts[n + 3] = id
		parts[n + 4] = tail
		length = length + #before + #HEAD + #id + #tail
		before = ","
		n = n + 4
	end
	local head = format('{"requestId":"%s","result":{"pageInfo":{' ..
		'"marker":"amva-%012d","maxKeys":%d,"isTruncated":%s%s},' ..
		'"modelCompTaskList":[', REQUEST_ID, first, size,
		tostring(last < ntasks),
		last < ntasks and format(',"nextMarker":"amva-%012d"', last) or "")
	parts[1] = head
	parts[n + 1] = "]}}"
	return send(parts, length + #head + 3)
end

local function change()
	local answer = '{"requestId":"' .. REQUEST_ID .. '","result":true}'

	return send(answer, #answer)
end

local function create()
	local answer = '{"requestId":"' .. REQUEST_ID ..
		'","result":{"modelCompTaskId":"amva-000000000000"}}'

	return send(answer, #answer)
end

local actions = {
	DescribeModelCompTask = detail,
	DescribeModelCompTasks = list,
	CreateModelCompTask = create,
	CancelModelCompTask = change,
	DeleteModelCompTask = change,
}

function target.serve()
	local running = counters:incr("running", 1)
	local delay = tonumber(ngx.var.delay)

	counters:incr("calls", 1)
	if running > counters:get("most") then
		counters:set("most", running)
	end
	ngx.req.read_body()
	if delay > 0 then
		ngx.sleep(delay / 1000)
	end
	counters:incr("running", -1)
	ngx.header.content_type = "application/json"
	local action = actions[ngx.var.arg_Action]
	if not action then
		return ngx.exit(404)
	end
	return action(ngx.req.get_body_data() or "", tonumber(ngx.var.ntasks))
end

-- calls, bytes and most in flight since the last time somebody asked
function target.count()
	ngx.say(counters:get("calls"), " ", counters:get("bytes"), " ",
		counters:get("most"))
	target.reset()
end

function target.reset()
	counters:set("calls", 0)
	counters:set("bytes", 0)
	counters:set("most", counters:get("running"))
end

counters:add("running", 0)
target.reset()
return target
