-- SPDX-License-Identifier: BSD-2-Clause
--
-- Wireshark dissector of VMCI: datagrams, hypercalls, events and the control packets of stream sockets, as
-- `vmci-sim serve --pcap FILE` writes them (interface "vmci", link type USER0; host-sim/pcap.h has the header).
--
--   wireshark -X lua_script:host-sim/wireshark/vmci.lua FILE
--   tshark -X lua_script:host-sim/wireshark/vmci.lua -r FILE -Y vmci

local vmci = Proto("vmci", "VMware VM Communication Interface")

local kinds = { [1] = "sent", [2] = "delivered", [3] = "rung" }
local contexts = { [0] = "hypervisor", [1] = "well-known", [2] = "host", [0xffffffff] = "any" }
local calls = {
	[0] = "RESOURCES_QUERY", [1] = "GET_CONTEXT_ID", [2] = "SET_NOTIFY_BITMAP", [3] = "DOORBELL_LINK",
	[4] = "DOORBELL_UNLINK", [5] = "DOORBELL_NOTIFY", [6] = "DATAGRAM_REQUEST_MAP",
	[7] = "DATAGRAM_REMOVE_MAP", [8] = "EVENT_SUBSCRIBE", [9] = "EVENT_UNSUBSCRIBE",
	[10] = "QUEUEPAIR_ALLOC", [11] = "QUEUEPAIR_DETACH",
}
local events = {
	[0] = "CTX_ID_UPDATE", [1] = "CTX_REMOVED", [2] = "QP_RESUMED", [3] = "QP_PEER_ATTACH",
	[4] = "QP_PEER_DETACH",
}
local packets = {
	[0] = "INVALID", [1] = "REQUEST", [2] = "NEGOTIATE", [3] = "OFFER", [4] = "ATTACH", [5] = "WROTE",
	[6] = "READ", [7] = "RST", [8] = "SHUTDOWN", [9] = "WAITING_WRITE", [10] = "WAITING_READ",
	[11] = "REQUEST2", [12] = "NEGOTIATE2",
}
local results = {
	[0] = "SUCCESS", [-1] = "INVALID_RESOURCE", [-2] = "INVALID_ARGS", [-3] = "NO_MEM",
	[-4] = "DATAGRAM_FAILED", [-5] = "MORE_DATA", [-6] = "NO_MORE_DATAGRAMS", [-7] = "NO_ACCESS",
	[-8] = "NO_HANDLE", [-9] = "DUPLICATE_ENTRY", [-10] = "DST_UNREACHABLE", [-11] = "PAYLOAD_TOO_LARGE",
	[-18] = "NO_DATAGRAM", [-19] = "NO_RESOURCES", [-20] = "UNAVAILABLE", [-21] = "NOT_FOUND",
	[-22] = "ALREADY_EXISTS", [-29] = "EVENT_UNKNOWN", [-31] = "QUEUEPAIR_MISMATCH",
}

local f = {
	version = ProtoField.uint8("vmci.version", "Version of the header"),
	kind = ProtoField.uint8("vmci.kind", "Kind", base.DEC, kinds),
	vm = ProtoField.uint32("vmci.vm", "Virtual machine", base.DEC),
	result = ProtoField.int32("vmci.result", "Result", base.DEC, results),
	index = ProtoField.uint32("vmci.doorbell.index", "Byte of the bitmap"),
	dst = ProtoField.uint32("vmci.dst", "Destination context", base.DEC, contexts),
	dst_resource = ProtoField.uint32("vmci.dst_resource", "Destination resource"),
	src = ProtoField.uint32("vmci.src", "Source context", base.DEC, contexts),
	src_resource = ProtoField.uint32("vmci.src_resource", "Source resource"),
	size = ProtoField.uint64("vmci.payload_size", "Payload size"),
	payload = ProtoField.bytes("vmci.payload", "Payload"),
	call = ProtoField.uint32("vmci.call", "Hypercall", base.DEC, calls),
	event = ProtoField.uint32("vmci.event", "Event", base.DEC, events),
	handle_context = ProtoField.uint32("vmci.handle.context", "Context of the handle", base.DEC, contexts),
	handle_resource = ProtoField.uint32("vmci.handle.resource", "Resource of the handle"),
	notify_index = ProtoField.uint64("vmci.link.index", "Index"),
	ppn = ProtoField.uint64("vmci.bitmap.ppn", "Page number of the bitmap", base.HEX),
	count = ProtoField.uint32("vmci.query.count", "Resources asked for"),
	asked = ProtoField.uint32("vmci.query.resource", "Resource", base.DEC, calls),
	peer = ProtoField.uint32("vmci.pair.peer", "Peer", base.DEC, contexts),
	flags = ProtoField.uint32("vmci.pair.flags", "Flags", base.HEX),
	produce = ProtoField.uint64("vmci.pair.produce", "Bytes to fill"),
	consume = ProtoField.uint64("vmci.pair.consume", "Bytes to empty"),
	pages = ProtoField.uint64("vmci.pair.pages", "Pages"),
	stream_version = ProtoField.uint8("vmci.stream.version", "Version"),
	stream_type = ProtoField.uint8("vmci.stream.type", "Type", base.DEC, packets),
	proto = ProtoField.uint16("vmci.stream.proto", "Notify protocols", base.HEX),
	src_port = ProtoField.uint32("vmci.stream.src_port", "Source port"),
	dst_port = ProtoField.uint32("vmci.stream.dst_port", "Destination port"),
	reserved = ProtoField.uint32("vmci.stream.reserved", "Reserved", base.HEX),
	stream_size = ProtoField.uint64("vmci.stream.size", "Size of either queue"),
	mode = ProtoField.uint64("vmci.stream.mode", "Mode", base.HEX),
	value = ProtoField.uint64("vmci.stream.value", "Value", base.HEX),
	offset = ProtoField.uint64("vmci.stream.offset", "Offset", base.HEX),
}
vmci.fields = f

local short = ProtoExpert.new("vmci.short", "shorter than its layout", expert.group.MALFORMED, expert.severity.ERROR)
local sizes = ProtoExpert.new("vmci.sizes", "payload size and bytes differ", expert.group.MALFORMED,
	expert.severity.WARN)
vmci.experts = { short, sizes }

local function context_name(id)
	return contexts[id] or tostring(id)
end

local function add_handle(tree, b, at)
	tree:add_le(f.handle_context, b(at, 4))
	tree:add_le(f.handle_resource, b(at + 4, 4))
	return context_name(b(at, 4):le_uint()) .. ":" .. b(at + 4, 4):le_uint()
end

-- Bytes that a hypercall's layout needs.
local least = { [0] = 8, [1] = 0, [2] = 8, [3] = 16, [4] = 8, [5] = 8, [8] = 8, [9] = 8, [10] = 40, [11] = 8 }

local function hypercall(tree, rid, b)
	local text = calls[rid] or ("call " .. rid)

	if b:len() < (least[rid] or 0) then
		tree:add_proto_expert_info(short)
		return text
	end
	if rid == 0 then
		local n = b(0, 4):le_uint()
		tree:add_le(f.count, b(0, 4))
		for i = 0, math.min(n, 31) - 1 do
			if b:len() >= 12 + 4 * i then
				tree:add_le(f.asked, b(8 + 4 * i, 4))
			end
		end
	elseif rid == 2 then
		tree:add_le(f.ppn, b(0, 8))
	elseif rid == 3 then
		text = text .. " " .. add_handle(tree, b, 0)
		tree:add_le(f.notify_index, b(8, 8))
		text = text .. " at " .. b(8, 8):le_uint64():tonumber()
	elseif rid == 4 or rid == 5 or rid == 11 then
		text = text .. " " .. add_handle(tree, b, 0)
	elseif rid == 8 or rid == 9 then
		tree:add_le(f.event, b(0, 4))
	elseif rid == 10 then
		text = text .. " " .. add_handle(tree, b, 0)
		tree:add_le(f.peer, b(8, 4))
		tree:add_le(f.flags, b(12, 4))
		tree:add_le(f.produce, b(16, 8))
		tree:add_le(f.consume, b(24, 8))
		tree:add_le(f.pages, b(32, 8))
		text = text .. " " .. b(16, 8):le_uint64():tonumber() .. "+" .. b(24, 8):le_uint64():tonumber()
	end
	return text
end

local function event(tree, b)
	local number = b(0, 4):le_uint()
	local text = "event " .. (events[number] or number)

	tree:add_le(f.event, b(0, 4))
	if (number == 3 or number == 4) and b:len() >= 24 then
		text = text .. " " .. add_handle(tree, b, 8)
		tree:add_le(f.peer, b(16, 4))
	elseif b:len() >= 12 then
		tree:add_le(f.handle_context, b(8, 4))
		text = text .. " " .. b(8, 4):le_uint()
	end
	return text
end

-- b: the payload of a control packet, 32 bytes or more.
local function stream(tree, b)
	local kind = b(1, 1):uint()
	local text = (packets[kind] or ("type " .. kind)) .. " " .. b(4, 4):le_uint() .. " > " .. b(8, 4):le_uint()

	tree:add(f.stream_version, b(0, 1))
	tree:add(f.stream_type, b(1, 1))
	tree:add_le(f.proto, b(2, 2))
	tree:add_le(f.src_port, b(4, 4))
	tree:add_le(f.dst_port, b(8, 4))
	tree:add_le(f.reserved, b(12, 4))
	if kind == 1 or kind == 2 or kind == 11 or kind == 12 then
		tree:add_le(f.stream_size, b(16, 8))
		text = text .. " size " .. b(16, 8):le_uint64():tonumber()
	elseif kind == 3 or kind == 4 then
		text = text .. " " .. add_handle(tree, b, 16)
	elseif kind == 8 then
		tree:add_le(f.mode, b(16, 8))
		text = text .. " mode " .. b(16, 8):le_uint64():tonumber()
	else
		tree:add_le(f.value, b(16, 8))
	end
	tree:add_le(f.offset, b(24, 8))
	return text
end

local function datagram(tree, b)
	local dst, to = b(0, 4):le_uint(), b(4, 4):le_uint()
	local src, from = b(8, 4):le_uint(), b(12, 4):le_uint()
	local size = b(16, 8):le_uint64():tonumber()
	local payload = b:len() > 24 and b(24):tvb() or nil
	local part = tree:add(b(0, 24), "Datagram")
	local text

	part:add_le(f.dst, b(0, 4))
	part:add_le(f.dst_resource, b(4, 4))
	part:add_le(f.src, b(8, 4))
	part:add_le(f.src_resource, b(12, 4))
	part:add_le(f.size, b(16, 8))
	if size ~= b:len() - 24 then
		part:add_proto_expert_info(sizes)
	end
	if dst == 0 and calls[to] then
		part:add_le(f.call, b(4, 4))
		return hypercall(part, to, payload or ByteArray.new():tvb())
	end
	if payload and src == 0 and to == 0 and payload:len() >= 4 then
		return event(tree:add(b(24), "Event"), payload)
	end
	if payload and payload:len() >= 32 and (from == 1 or from == 15) and (to == 1 or to == 15) then
		return stream(tree:add(b(24), "Stream packet"), payload)
	end
	if payload then
		tree:add(f.payload, b(24))
	end
	text = context_name(src) .. ":" .. from .. " > " .. context_name(dst) .. ":" .. to
	return text .. ", " .. size .. " bytes"
end

function vmci.dissector(b, info, root)
	local tree, kind, text, result

	if b:len() < 16 then
		return 0
	end
	tree = root:add(vmci, b())
	kind = b(1, 1):uint()
	tree:add(f.version, b(0, 1))
	tree:add(f.kind, b(1, 1))
	tree:add_le(f.vm, b(4, 4))
	info.cols.protocol = "VMCI"
	if kind == 3 and b:len() >= 24 then
		tree:add_le(f.index, b(8, 4))
		text = "doorbell " .. add_handle(tree, b, 16)
	elseif b:len() >= 40 then
		text = datagram(tree, b(16):tvb())
	else
		tree:add_proto_expert_info(short)
		text = "short"
	end
	if kind == 1 then
		result = b(8, 4):le_int()
		tree:add_le(f.result, b(8, 4))
		text = text .. " = " .. result .. (result < 0 and results[result] and " " .. results[result] or "")
	end
	info.cols.info = (kinds[kind] or "?") .. ": " .. text
	return b:len()
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, vmci)
