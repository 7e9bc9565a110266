-- KEYS: the list. ARGV: epoch, "push" or "fill", cap, TTL in ms, then seq and event by turns.
-- "late" means that an event of another epoch was pushed, which the next fill may have been read too early to hold.
local recent, epoch, filling = KEYS[1], tonumber(ARGV[1]), ARGV[2] == 'fill'
local header = redis.call('ZRANGEBYSCORE', recent, -1, -1)[1]
local known, state = string.match(header or '', '^(%d+):(%a+)$')
local function set_header(text)
    redis.call('ZADD', recent, -1, text)
    if header and header ~= text then redis.call('ZREM', recent, header) end
end
if known and tonumber(known) > epoch then
    if not filling then set_header(known .. ':late') end
    return
end
if known and tonumber(known) < epoch then
    redis.call('DEL', recent)
    state = 'late'
end
if filling then
    state = state == 'late' and 'open' or 'whole'
end
set_header(ARGV[1] .. ':' .. (state or 'open'))
for i = 5, #ARGV, 2 do
    redis.call('ZREMRANGEBYSCORE', recent, ARGV[i], ARGV[i])
    redis.call('ZADD', recent, ARGV[i], ARGV[i + 1])
end
redis.call('ZREMRANGEBYRANK', recent, 1, -tonumber(ARGV[3]) - 1)
if filling or redis.call('PTTL', recent) < 0 then
    redis.call('PEXPIRE', recent, ARGV[4])
end
