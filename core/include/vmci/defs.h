/* SPDX-License-Identifier: BSD-2-Clause */
/* defs.h - numbers of the protocol: constants, and where fields lie.
 *
 * Generated from spec/ by specc, do not edit: `make defs` writes it. Each name is
 * explained in the chapter that its group names.
 */
#ifndef VMCI_DEFS_H
#define VMCI_DEFS_H

/* layout vmci_handle: offsets in bytes (00-conventions.md) */
#define VMCI_HANDLE_CONTEXT                      0 /* u32; who */
#define VMCI_HANDLE_RESOURCE                     4 /* u32; which port, doorbell, queue pair or hypercall of that context */
#define VMCI_HANDLE_SIZE                         8 /* bytes */

/* contexts (00-conventions.md) */
#define VMCI_HYPERVISOR_CONTEXT_ID               0 /* the hypervisor: destination of hypercalls, source of events */
#define VMCI_WELL_KNOWN_CONTEXT_ID               1 /* once a name service; unused today */
#define VMCI_HOST_CONTEXT_ID                     2 /* the host and its programs */
#define VMCI_RESERVED_CID_LIMIT                  16 /* first context id that is handed out to virtual machines */
#define VMCI_INVALID_ID                          0xffffffff /* no context, no resource, or "any", or "choose one" */

/* resources (00-conventions.md) */
#define VMCI_RESERVED_RESOURCE_ID_MAX            1023 /* last reserved resource; ids chosen at run time start above */
#define VMCI_EVENT_HANDLER                       0 /* resource of a guest or the host that takes events */
#define VMCI_CONTEXT_RESOURCE_ID                 0 /* resource that stands for a context as a whole */
#define VMCI_SOCKETS_STREAM_RID                  1 /* control packets of stream sockets */
#define VMCI_SOCKETS_STREAM_HYPERVISOR_RID       15 /* the same at context 0 */

/* results (00-conventions.md) */
#define VMCI_SUCCESS_QUEUEPAIR_ATTACH            5 /* old result of a queue pair call: attached */
#define VMCI_SUCCESS_QUEUEPAIR_CREATE            4 /* old result of a queue pair call: created */
#define VMCI_SUCCESS_LAST_DETACH                 3 /* old result of a queue pair call: detached, and nobody is left */
#define VMCI_SUCCESS_ACCESS_GRANTED              2 /* historic */
#define VMCI_SUCCESS_ENTRY_DEAD                  1 /* inside a driver: the last reference is gone */
#define VMCI_SUCCESS                             0 /* done */
#define VMCI_ERROR_INVALID_RESOURCE              (-1) /* nobody listens at that resource */
#define VMCI_ERROR_INVALID_ARGS                  (-2) /* malformed, out of range or not allowed in this form */
#define VMCI_ERROR_NO_MEM                        (-3) /* out of memory, or the caller's buffer is too small */
#define VMCI_ERROR_DATAGRAM_FAILED               (-4) /* sending failed for no better reason */
#define VMCI_ERROR_MORE_DATA                     (-5) /* the caller's array is too small */
#define VMCI_ERROR_NO_MORE_DATAGRAMS             (-6) /* nothing waits */
#define VMCI_ERROR_NO_ACCESS                     (-7) /* refused by privilege, filter or identity */
#define VMCI_ERROR_NO_HANDLE                     (-8) /* the sender does not own the handle it names */
#define VMCI_ERROR_DUPLICATE_ENTRY               (-9) /* such an entry is already there */
#define VMCI_ERROR_DST_UNREACHABLE               (-10) /* that context does not exist or may not be reached */
#define VMCI_ERROR_PAYLOAD_TOO_LARGE             (-11) /* the payload exceeds the limit */
#define VMCI_ERROR_INVALID_PRIV                  (-12) /* privilege flags are wrong */
#define VMCI_ERROR_GENERIC                       (-13) /* failed for no better reason */
#define VMCI_ERROR_PAGE_ALREADY_SHARED           (-14) /* historic, shared memory interface */
#define VMCI_ERROR_CANNOT_SHARE_PAGE             (-15) /* historic, shared memory interface */
#define VMCI_ERROR_CANNOT_UNSHARE_PAGE           (-16) /* historic, shared memory interface */
#define VMCI_ERROR_NO_PROCESS                    (-17) /* the process behind it is gone */
#define VMCI_ERROR_NO_DATAGRAM                   (-18) /* no datagram where one was expected */
#define VMCI_ERROR_NO_RESOURCES                  (-19) /* a quota or a queue is full */
#define VMCI_ERROR_UNAVAILABLE                   (-20) /* in the wrong state, or no device */
#define VMCI_ERROR_NOT_FOUND                     (-21) /* no such object */
#define VMCI_ERROR_ALREADY_EXISTS                (-22) /* an object of that name is already there */
#define VMCI_ERROR_NOT_PAGE_ALIGNED              (-23) /* an address should be page aligned and is not */
#define VMCI_ERROR_INVALID_SIZE                  (-24) /* a queue pointer lies outside its queue */
#define VMCI_ERROR_REGION_ALREADY_SHARED         (-25) /* historic, shared memory interface */
#define VMCI_ERROR_TIMEOUT                       (-26) /* took too long */
#define VMCI_ERROR_DATAGRAM_INCOMPLETE           (-27) /* part of a datagram is missing */
#define VMCI_ERROR_INCORRECT_IRQL                (-28) /* called in the wrong context (Windows) */
#define VMCI_ERROR_EVENT_UNKNOWN                 (-29) /* no event has that number */
#define VMCI_ERROR_OBSOLETE                      (-30) /* the request is no longer served */
#define VMCI_ERROR_QUEUEPAIR_MISMATCH            (-31) /* the two ends ask for different things */
#define VMCI_ERROR_QUEUEPAIR_NOTSET              (-32) /* the queue pair has no memory yet */
#define VMCI_ERROR_QUEUEPAIR_NOTOWNER            (-33) /* only the owner may do this */
#define VMCI_ERROR_QUEUEPAIR_NOTATTACHED         (-34) /* the other end is not there */
#define VMCI_ERROR_QUEUEPAIR_NOSPACE             (-35) /* the queue is full */
#define VMCI_ERROR_QUEUEPAIR_NODATA              (-36) /* the queue is empty */
#define VMCI_ERROR_BUSMEM_INVALIDATION           (-37) /* guest memory was taken away */
#define VMCI_ERROR_MODULE_NOT_LOADED             (-38) /* a part of the host is missing */
#define VMCI_ERROR_DEVICE_NOT_FOUND              (-39) /* neither a device nor a host personality */
#define VMCI_ERROR_QUEUEPAIR_NOT_READY           (-40) /* the memory is away for the moment */
#define VMCI_ERROR_WOULD_BLOCK                   (-41) /* would have to wait */
#define VMCI_ERROR_CLIENT_MIN                    (-500) /* first of the numbers left to protocols on top */
#define VMCI_ERROR_CLIENT_MAX                    (-550) /* last of them */
#define VMCI_SHAREDMEM_ERROR_BAD_CONTEXT         (-1000) /* historic, shared memory interface */

/* pci (10-device.md) */
#define VMCI_PCI_VENDOR_ID                       0x15ad /* VMware */
#define VMCI_PCI_DEVICE_ID                       0x0740 /* the virtual machine communication interface */
#define VMCI_PCI_CLASS                           0x088000 /* system peripheral, other; 24 bits */
#define VMCI_PCI_REVISION                        0x10 /* as listed by real guests */
#define VMCI_BAR0_SIZE                           64 /* bytes, I/O ports */
#define VMCI_BAR1_SIZE_PORTS                     8192 /* bytes, port form */
#define VMCI_BAR1_SIZE_MMIO                      262144 /* bytes, register window form; Linux compares for equality */
#define VMCI_MMIO_ACCESS_OFFSET                  0x20000 /* of the register window inside BAR1 */
#define VMCI_MMIO_ACCESS_SIZE                    0x10000 /* bytes of the register window */
#define VMCI_MSI_CAP_OFFSET                      0x40 /* where real devices have the MSI capability */
#define VMCI_MSIX_CAP_OFFSET                     0x58 /* where real devices have the MSI-X capability */
#define VMCI_PBA_OFFSET_PORTS                    0x1000 /* pending bits in BAR1, port form */
#define VMCI_PBA_OFFSET_MMIO                     0x10000 /* pending bits in BAR1, register window form */
#define VMCI_MAX_DEVICES                         1 /* of this kind in one virtual machine */
#define VMCI_MAX_INTRS_NOTIFICATION              2 /* messages without DMA datagrams */
#define VMCI_MAX_INTRS_DMA_DATAGRAM              3 /* messages with DMA datagrams */

/* registers (12-registers.md) */
#define VMCI_STATUS_ADDR                         0x00 /* is the device signalling? */
#define VMCI_CONTROL_ADDR                        0x04 /* commands: reset, interrupts on, interrupts off */
#define VMCI_ICR_ADDR                            0x08 /* interrupt causes; reading clears them */
#define VMCI_IMR_ADDR                            0x0c /* interrupt mask, 1 lets a cause through */
#define VMCI_DATA_OUT_ADDR                       0x10 /* byte port, datagrams from the guest */
#define VMCI_DATA_IN_ADDR                        0x14 /* byte port, datagrams to the guest */
#define VMCI_CAPS_ADDR                           0x18 /* capabilities: read the offer, write the acceptance */
#define VMCI_RESULT_LOW_ADDR                     0x1c /* result of the last datagram sent */
#define VMCI_RESULT_HIGH_ADDR                    0x20 /* its upper half */
#define VMCI_DATA_OUT_LOW_ADDR                   0x24 /* address of a send buffer; the write sends */
#define VMCI_DATA_OUT_HIGH_ADDR                  0x28 /* its upper half, kept */
#define VMCI_DATA_IN_LOW_ADDR                    0x2c /* address of a receive buffer; the write receives */
#define VMCI_DATA_IN_HIGH_ADDR                   0x30 /* its upper half, kept */
#define VMCI_GUEST_PAGE_SHIFT_ADDR               0x34 /* log2 of the guest's page size */
#define VMCI_REGISTERS_SIZE                      0x38 /* bytes in use */

/* register-bits (12-registers.md) */
#define VMCI_STATUS_INT_ON                       0x1 /* interrupts are enabled */
#define VMCI_CONTROL_RESET                       0x1 /* forget the guest */
#define VMCI_CONTROL_INT_ENABLE                  0x2 /* interrupts on */
#define VMCI_CONTROL_INT_DISABLE                 0x4 /* interrupts off */
#define VMCI_ICR_DATAGRAM                        0x1 /* a datagram waits in the device */
#define VMCI_ICR_NOTIFICATION                    0x2 /* a doorbell byte was set */
#define VMCI_ICR_DMA_DATAGRAM                    0x4 /* a DMA receive completed */
#define VMCI_IMR_DATAGRAM                        0x1 /* let that cause through */
#define VMCI_IMR_NOTIFICATION                    0x2 /* let that cause through */
#define VMCI_IMR_DMA_DATAGRAM                    0x4 /* let that cause through */
#define VMCI_CAPS_HYPERCALL                      0x1 /* historic */
#define VMCI_CAPS_GUESTCALL                      0x2 /* historic */
#define VMCI_CAPS_DATAGRAM                       0x4 /* datagrams; no driver works without */
#define VMCI_CAPS_NOTIFICATIONS                  0x8 /* doorbells and their bitmap */
#define VMCI_CAPS_PPN64                          0x10 /* page numbers in hypercalls have 64 bits */
#define VMCI_CAPS_DMA_DATAGRAM                   0x20 /* datagrams by DMA */
#define VMCI_CAPS_CLEAR_TO_ACK                   0x80000000 /* named in one public header, never seen */
#define VMCI_GUEST_PAGE_SHIFT_MIN                12 /* 4 KiB */
#define VMCI_GUEST_PAGE_SHIFT_MAX                16 /* 64 KiB */

/* layout vmci_datagram: offsets in bytes (20-datagrams.md) */
#define VMCI_DATAGRAM_DST_CONTEXT                0 /* u32; context the datagram is for */
#define VMCI_DATAGRAM_DST_RESOURCE               4 /* u32; resource there; all ones: no datagram starts here */
#define VMCI_DATAGRAM_SRC_CONTEXT                8 /* u32; context it comes from; all ones: fill in mine */
#define VMCI_DATAGRAM_SRC_RESOURCE               12 /* u32; resource an answer should go to */
#define VMCI_DATAGRAM_PAYLOAD_SIZE               16 /* u64; bytes that follow */
#define VMCI_DATAGRAM_PAYLOAD                    24 /* bytes; not interpreted on the way */
#define VMCI_DATAGRAM_SIZE                       24 /* bytes */

/* datagrams (20-datagrams.md) */
#define VMCI_MAX_DG_SIZE                         69632 /* bytes of the largest datagram between contexts, header included */
#define VMCI_MAX_DG_PAYLOAD_SIZE                 69608 /* bytes of its payload */
#define VMCI_DG_ALIGN                            8 /* records in a receive buffer start at multiples of this */
#define VMCI_DATA_IN_FIRST_READ                  4096 /* bytes of the first read of a burst, and unit of the later ones */
#define VMCI_FLAG_WELLKNOWN_DG_HND               1 /* endpoint flag, no longer granted */
#define VMCI_FLAG_ANYCID_DG_HND                  2 /* endpoint flag: matches every context id of its owner */
#define VMCI_FLAG_DG_DELAYED_CB                  4 /* endpoint flag: the handler runs later, outside the interrupt */

/* datagram-queue (20-datagrams.md) */
#define VMCI_MAX_DATAGRAM_QUEUE_SIZE             139264 /* bytes: twice the largest datagram */
#define VMCI_MAX_DATAGRAM_AND_EVENT_QUEUE_SIZE   188416 /* bytes: 1024 events of 48 bytes more */

/* layout vmci_dma_header: offsets in bytes (24-dma.md) */
#define VMCI_DMA_HEADER_BUSY                     0 /* u32; send: 1 until the device is done; receive: 0 until it is */
#define VMCI_DMA_HEADER_OPCODE                   4 /* u32; what follows this header: data or a list */
#define VMCI_DMA_HEADER_SIZE_FIELD               8 /* u32; bytes of data, or elements of the list */
#define VMCI_DMA_HEADER_RSVD                     12 /* u32; not used; Linux leaves it uninitialised */
#define VMCI_DMA_HEADER_RESULT                   16 /* u64; send: the result */
#define VMCI_DMA_HEADER_DATA                     24 /* bytes; data, or the list */
#define VMCI_DMA_HEADER_SIZE                     24 /* bytes */

/* layout vmci_sg_elem: offsets in bytes (24-dma.md) */
#define VMCI_SG_ELEM_ADDR                        0 /* u64; guest-physical address */
#define VMCI_SG_ELEM_SIZE_FIELD                  8 /* u64; bytes there */
#define VMCI_SG_ELEM_SIZE                        16 /* bytes */

/* dma (24-dma.md) */
#define VMCI_DMA_OPCODE_INLINE                   0 /* data follows the header */
#define VMCI_DMA_OPCODE_SG                       1 /* a list of elements follows the header */

/* hypercalls (30-hypercalls.md) */
#define VMCI_RESOURCES_QUERY                     0 /* which of these services exist */
#define VMCI_GET_CONTEXT_ID                      1 /* who am I */
#define VMCI_SET_NOTIFY_BITMAP                   2 /* this page of mine is the doorbell bitmap */
#define VMCI_DOORBELL_LINK                       3 /* rings of this handle go to that byte of the bitmap */
#define VMCI_DOORBELL_UNLINK                     4 /* rings of this handle go nowhere */
#define VMCI_DOORBELL_NOTIFY                     5 /* ring this doorbell */
#define VMCI_DATAGRAM_REQUEST_MAP                6 /* obsolete: claim a well-known datagram name */
#define VMCI_DATAGRAM_REMOVE_MAP                 7 /* obsolete: give it back */
#define VMCI_EVENT_SUBSCRIBE                     8 /* without effect: events are always sent */
#define VMCI_EVENT_UNSUBSCRIBE                   9 /* without effect */
#define VMCI_QUEUEPAIR_ALLOC                     10 /* create a queue pair or attach to one */
#define VMCI_QUEUEPAIR_DETACH                    11 /* leave a queue pair */
#define VMCI_HGFS_TRANSPORT                      13 /* file sharing, not served here */
#define VMCI_UNITY_PBRPC_REGISTER                14 /* desktop integration, not served here */
#define VMCI_RESOURCE_MAX                        17 /* ids of services are below this */
#define VMCI_RESOURCES_QUERY_MAX                 31 /* ids in one query: the answer must not look negative */

/* layout vmci_resources_query_msg: offsets in bytes (30-hypercalls.md) */
#define VMCI_RESOURCES_QUERY_MSG_NUM_RESOURCES   0 /* u32; ids that follow, 1 to 31 */
#define VMCI_RESOURCES_QUERY_MSG_RESERVED        4 /* u32; padding; old drivers leave anything here */
#define VMCI_RESOURCES_QUERY_MSG_RESOURCES       8 /* bytes; service ids, u32 each */
#define VMCI_RESOURCES_QUERY_MSG_SIZE            8 /* bytes */

/* layout vmci_set_notify_bitmap_msg: offsets in bytes (30-hypercalls.md) */
#define VMCI_SET_NOTIFY_BITMAP_MSG_PPN           0 /* u64; page number; only the low 32 bits count unless PPN64 was accepted */
#define VMCI_SET_NOTIFY_BITMAP_MSG_SIZE          8 /* bytes */

/* layout vmci_doorbell_link_msg: offsets in bytes (30-hypercalls.md) */
#define VMCI_DOORBELL_LINK_MSG_HANDLE            0 /* handle; the doorbell */
#define VMCI_DOORBELL_LINK_MSG_NOTIFY_IDX        8 /* u64; its byte in the bitmap, below the page size */
#define VMCI_DOORBELL_LINK_MSG_SIZE              16 /* bytes */

/* layout vmci_doorbell_unlink_msg: offsets in bytes (30-hypercalls.md) */
#define VMCI_DOORBELL_UNLINK_MSG_HANDLE          0 /* handle; the doorbell */
#define VMCI_DOORBELL_UNLINK_MSG_SIZE            8 /* bytes */

/* layout vmci_doorbell_notify_msg: offsets in bytes (30-hypercalls.md) */
#define VMCI_DOORBELL_NOTIFY_MSG_HANDLE          0 /* handle; the doorbell to ring */
#define VMCI_DOORBELL_NOTIFY_MSG_SIZE            8 /* bytes */

/* layout vmci_event_subscribe_msg: offsets in bytes (30-hypercalls.md) */
#define VMCI_EVENT_SUBSCRIBE_MSG_EVENT           0 /* u32; number of the event */
#define VMCI_EVENT_SUBSCRIBE_MSG_RESERVED        4 /* u32; padding */
#define VMCI_EVENT_SUBSCRIBE_MSG_SIZE            8 /* bytes */

/* doorbells (40-doorbells.md) */
#define VMCI_NOTIFICATION_RUNG                   0x1 /* bit of a byte of the bitmap: this doorbell was rung */
#define VMCI_FLAG_DELAYED_CB                     1 /* the handler runs in a thread of its own, not in the interrupt */

/* events (50-events.md) */
#define VMCI_EVENT_CTX_ID_UPDATE                 0 /* the context id of this VM changed */
#define VMCI_EVENT_CTX_REMOVED                   1 /* a context somebody asked about is gone */
#define VMCI_EVENT_QP_RESUMED                    2 /* the VM was resumed; peers of queue pairs may be lost */
#define VMCI_EVENT_QP_PEER_ATTACH                3 /* somebody attached to a queue pair */
#define VMCI_EVENT_QP_PEER_DETACH                4 /* the other end of a queue pair is gone */
#define VMCI_EVENT_MEM_ACCESS_ON                 5 /* inside a hypervisor only: guest memory came back */
#define VMCI_EVENT_MEM_ACCESS_OFF                6 /* inside a hypervisor only: guest memory goes away */
#define VMCI_EVENT_GUEST_PAUSED                  7 /* inside a hypervisor only */
#define VMCI_EVENT_GUEST_UNPAUSED                8 /* inside a hypervisor only */
#define VMCI_EVENT_MAX                           9 /* numbers of events are below this */
#define VMCI_EVENT_GUEST_MAX                     4 /* the last event that a guest accepts */

/* layout vmci_event_data: offsets in bytes (50-events.md) */
#define VMCI_EVENT_DATA_EVENT                    0 /* u32; number of the event */
#define VMCI_EVENT_DATA_RESERVED                 4 /* u32; zero */
#define VMCI_EVENT_DATA_PAYLOAD                  8 /* bytes; what belongs to this event */
#define VMCI_EVENT_DATA_SIZE                     8 /* bytes */

/* layout vmci_event_ctx: offsets in bytes (50-events.md) */
#define VMCI_EVENT_CTX_EVENT                     0 /* u32; number of the event */
#define VMCI_EVENT_CTX_RESERVED                  4 /* u32; zero */
#define VMCI_EVENT_CTX_CONTEXT_ID                8 /* u32; the context */
#define VMCI_EVENT_CTX_RESERVED2                 12 /* u32; zero */
#define VMCI_EVENT_CTX_SIZE                      16 /* bytes */

/* layout vmci_event_qp: offsets in bytes (50-events.md) */
#define VMCI_EVENT_QP_EVENT                      0 /* u32; number of the event */
#define VMCI_EVENT_QP_RESERVED                   4 /* u32; zero */
#define VMCI_EVENT_QP_HANDLE                     8 /* handle; the queue pair */
#define VMCI_EVENT_QP_PEER_ID                    16 /* u32; context of the end that came or went */
#define VMCI_EVENT_QP_RESERVED2                  20 /* u32; zero */
#define VMCI_EVENT_QP_SIZE                       24 /* bytes */

/* layout vmci_queue_header: offsets in bytes (60-queue-pairs.md) */
#define VMCI_QUEUE_HEADER_HANDLE                 0 /* handle; the queue pair; for information only */
#define VMCI_QUEUE_HEADER_PRODUCER_TAIL          8 /* u64; where the next byte goes in this queue */
#define VMCI_QUEUE_HEADER_CONSUMER_HEAD          16 /* u64; the next byte to take, in the OTHER queue */
#define VMCI_QUEUE_HEADER_SIZE                   24 /* bytes */

/* layout vmci_queuepair_alloc_msg: offsets in bytes (62-queue-pair-broker.md) */
#define VMCI_QUEUEPAIR_ALLOC_MSG_HANDLE          0 /* handle; the queue pair */
#define VMCI_QUEUEPAIR_ALLOC_MSG_PEER            8 /* u32; the one context that may attach, or all ones for any */
#define VMCI_QUEUEPAIR_ALLOC_MSG_FLAGS           12 /* u32; VMCI_QPFLAG_* */
#define VMCI_QUEUEPAIR_ALLOC_MSG_PRODUCE_SIZE    16 /* u64; bytes of the queue this guest fills */
#define VMCI_QUEUEPAIR_ALLOC_MSG_CONSUME_SIZE    24 /* u64; bytes of the queue this guest empties */
#define VMCI_QUEUEPAIR_ALLOC_MSG_NUM_PPNS        32 /* u64; entries of the page list */
#define VMCI_QUEUEPAIR_ALLOC_MSG_PPNS            40 /* bytes; page numbers, u64 each if PPN64 was accepted, else u32 */
#define VMCI_QUEUEPAIR_ALLOC_MSG_SIZE            40 /* bytes */

/* queue-pairs (62-queue-pair-broker.md) */
#define VMCI_QPFLAG_ATTACH_ONLY                  0x1 /* do not create */
#define VMCI_QPFLAG_LOCAL                        0x2 /* both ends in one context; never leaves a driver */
#define VMCI_QPFLAG_NONBLOCK                     0x4 /* the host end must not wait for a paused guest */
#define VMCI_QPFLAG_PINNED                       0x8 /* pages stay where they are for the pair's life */
#define VMCI_QP_ALL_FLAGS                        0xf /* there are no others */
#define VMCI_QP_ASYMM                            0xc /* flags in which the two ends may differ */
#define VMCI_MAX_GUEST_QP_MEMORY                 134217728 /* bytes of all queues of one VM: 128 MiB */
#define VMCI_MAX_GUEST_QP_COUNT                  16384 /* queue pairs of one VM */
#define VMCI_MAX_PINNED_QP_MEMORY                32768 /* bytes of a pinned pair */

/* queue-pair-states (64-queue-pair-life.md) */
#define VMCI_QPB_NEW                             0 /* being made; nobody sees this state */
#define VMCI_QPB_CREATED_NO_MEM                  1 /* one end, memory unknown or away */
#define VMCI_QPB_CREATED_MEM                     2 /* one end, memory mapped */
#define VMCI_QPB_ATTACHED_NO_MEM                 3 /* two ends, memory away */
#define VMCI_QPB_ATTACHED_MEM                    4 /* two ends, memory mapped: bytes move */
#define VMCI_QPB_SHUTDOWN_NO_MEM                 5 /* one end left, memory gone or away */
#define VMCI_QPB_SHUTDOWN_MEM                    6 /* one end left, memory mapped */
#define VMCI_QPB_GONE                            7 /* no end; the handle is free */

/* layout vmci_queuepair_detach_msg: offsets in bytes (64-queue-pair-life.md) */
#define VMCI_QUEUEPAIR_DETACH_MSG_HANDLE         0 /* handle; the queue pair */
#define VMCI_QUEUEPAIR_DETACH_MSG_SIZE           8 /* bytes */

/* contexts (70-contexts.md) */
#define VMCI_MAX_CONTEXTS                        2000 /* entries of the list of watched contexts */
#define VMCI_MAX_DELAYED_DG_HOST_QUEUE_SIZE      256 /* datagrams between host endpoints under way: always fewer */
#define VMCI_VERSION_HOSTQP                      0x90000 /* first interface version with host ends of queue pairs */
#define VMCI_VERSION_NOTIFY                      0xa0000 /* first with doorbells */
#define VMCI_VERSION_NOVMVM                      0xb0000 /* first without traffic between VMs; the current one */

/* privileges (80-privileges.md) */
#define VMCI_NO_PRIVILEGE_FLAGS                  0 /* an ordinary party */
#define VMCI_PRIVILEGE_FLAG_RESTRICTED           1 /* deals with the hypervisor and with trusted parties only */
#define VMCI_PRIVILEGE_FLAG_TRUSTED              2 /* prepared to deal with restricted parties */
#define VMCI_PRIVILEGE_ALL_FLAGS                 3 /* there are no others */

/* socket-addresses (82-sockets.md) */
#define VMCI_VMADDR_CID_HYPERVISOR               0 /* the hypervisor: what serves the virtual machine itself */
#define VMCI_VMADDR_CID_LOCAL                    1 /* the own context, where a loopback exists */
#define VMCI_VMADDR_CID_HOST                     2 /* the host */
#define VMCI_VMADDR_CID_ANY                      0xffffffff /* any context of this machine; in bind only */
#define VMCI_VMADDR_PORT_ANY                     0xffffffff /* bind to a free port */
#define VMCI_VMADDR_PORT_PRIVILEGED_MAX          1023 /* the last port that needs a privilege to be bound */

/* socket-limits (82-sockets.md) */
#define VMCI_SOCKETS_BUFFER_SIZE                 262144 /* default size of either queue, bytes */
#define VMCI_SOCKETS_BUFFER_MIN_SIZE             128 /* default smallest size to accept, bytes */
#define VMCI_SOCKETS_BUFFER_MAX_SIZE             262144 /* default largest size to accept, bytes */
#define VMCI_SOCKETS_CONNECT_TIMEOUT_US          2000000 /* default time for a connect, microseconds */
#define VMCI_SOCKETS_PENDING_TIMEOUT_US          1000000 /* time for OFFER after NEGOTIATE, microseconds */
#define VMCI_SOCKETS_ATTACH_ALONE_US             2000 /* after ATTACH was fetched nothing follows for so long, microseconds */
#define VMCI_SOCKETS_ATTACH_ALONE_MAX_US         500000 /* the longest silence after ATTACH was fetched, microseconds */
#define VMCI_SOCKETS_PORT_TRIES                  24 /* ports tried before there is none */
#define VMCI_SOCKETS_UNITY_PORT                  14 /* the only datagram port of context 0 that guests may send to */

/* layout vmci_stream_packet: offsets in bytes (84-streams.md) */
#define VMCI_STREAM_PACKET_DST_CONTEXT           0 /* u32; context of the receiver */
#define VMCI_STREAM_PACKET_DST_RESOURCE          4 /* u32; 1, or 15 when the receiver is context 0 */
#define VMCI_STREAM_PACKET_SRC_CONTEXT           8 /* u32; context of the sender */
#define VMCI_STREAM_PACKET_SRC_RESOURCE          12 /* u32; 1, or 15 when the sender is context 0 */
#define VMCI_STREAM_PACKET_PAYLOAD_SIZE          16 /* u64; 32 */
#define VMCI_STREAM_PACKET_VERSION               24 /* u8; 1 */
#define VMCI_STREAM_PACKET_TYPE                  25 /* u8; one of VMCI_STREAM_* */
#define VMCI_STREAM_PACKET_PROTO                 26 /* u16; notify protocols: a mask in REQUEST2, one bit in NEGOTIATE2, else 0 */
#define VMCI_STREAM_PACKET_SRC_PORT              28 /* u32; port of the sender */
#define VMCI_STREAM_PACKET_DST_PORT              32 /* u32; port of the receiver */
#define VMCI_STREAM_PACKET_RESERVED              36 /* u32; 0 */
#define VMCI_STREAM_PACKET_VALUE                 40 /* u64; size, mode, or handle, by type; else 0 */
#define VMCI_STREAM_PACKET_OFFSET                48 /* u64; of WAITING_READ and WAITING_WRITE; else 0 */
#define VMCI_STREAM_PACKET_SIZE                  56 /* bytes */

/* stream-packets (84-streams.md) */
#define VMCI_STREAM_VERSION                      1 /* of every packet */
#define VMCI_STREAM_INVALID                      0 /* the packet before was not understood */
#define VMCI_STREAM_REQUEST                      1 /* connect, old form; value is a size */
#define VMCI_STREAM_NEGOTIATE                    2 /* answer to it; value is a size */
#define VMCI_STREAM_OFFER                        3 /* the queue pair is there; value is its handle */
#define VMCI_STREAM_ATTACH                       4 /* attached to it; value is its handle */
#define VMCI_STREAM_WROTE                        5 /* look into the queue: there is something */
#define VMCI_STREAM_READ                         6 /* look into the queue: there is room */
#define VMCI_STREAM_RST                          7 /* no, or no more */
#define VMCI_STREAM_SHUTDOWN                     8 /* value is a mode */
#define VMCI_STREAM_WAITING_WRITE                9 /* tell me when there is room */
#define VMCI_STREAM_WAITING_READ                 10 /* tell me when there is something */
#define VMCI_STREAM_REQUEST2                     11 /* connect; value is a size, proto a mask */
#define VMCI_STREAM_NEGOTIATE2                   12 /* answer to it; value is a size, proto one bit */
#define VMCI_STREAM_TYPE_MAX                     12 /* the last type */
#define VMCI_STREAM_SHUT_RECEIVE                 1 /* mode: will not receive any more */
#define VMCI_STREAM_SHUT_SEND                    2 /* mode: will not send any more */
#define VMCI_NOTIFY_QUEUE_STATE                  1 /* bit of the notify protocol that looks at the queue's state */

/* socket-poll (84-streams.md) */
#define VMCI_POLLIN                              0x001 /* can be read, or accepted */
#define VMCI_POLLOUT                             0x004 /* can be written */
#define VMCI_POLLERR                             0x008 /* an error waits */
#define VMCI_POLLHUP                             0x010 /* ended in both directions */
#define VMCI_POLLRDHUP                           0x2000 /* the other side will not send any more */

/* socket-errors (88-socket-errors.md) */
#define VMCI_EPERM                               1 /* privileges do not allow it */
#define VMCI_EINTR                               4 /* a wait was broken off */
#define VMCI_EBADF                               9 /* no such socket */
#define VMCI_EAGAIN                              11 /* not now */
#define VMCI_ENOMEM                              12 /* no memory, or the queue pair is damaged */
#define VMCI_EACCES                              13 /* the port needs a privilege */
#define VMCI_EFAULT                              14 /* bad memory of the caller */
#define VMCI_ENODEV                              19 /* no transport */
#define VMCI_EINVAL                              22 /* wrong argument, or wrong state */
#define VMCI_EMFILE                              24 /* too many sockets */
#define VMCI_EPIPE                               32 /* the other side takes nothing any more */
#define VMCI_ERANGE                              34 /* a time out of range */
#define VMCI_EPROTO                              71 /* the peer broke the handshake */
#define VMCI_EDESTADDRREQ                        89 /* no destination */
#define VMCI_EMSGSIZE                            90 /* a datagram too large */
#define VMCI_ENOPROTOOPT                         92 /* no such option */
#define VMCI_EPROTONOSUPPORT                     93 /* no such protocol */
#define VMCI_ESOCKTNOSUPPORT                     94 /* no such socket type */
#define VMCI_EOPNOTSUPP                          95 /* not with this kind of socket */
#define VMCI_EAFNOSUPPORT                        97 /* no such address family */
#define VMCI_EADDRINUSE                          98 /* the port is taken */
#define VMCI_EADDRNOTAVAIL                       99 /* no such local address */
#define VMCI_ENETUNREACH                         101 /* nobody can be there */
#define VMCI_ECONNRESET                          104 /* refused, or broken off */
#define VMCI_ENOBUFS                             105 /* a quota is reached */
#define VMCI_EISCONN                             106 /* connected already */
#define VMCI_ENOTCONN                            107 /* not connected */
#define VMCI_ETIMEDOUT                           110 /* no answer */
#define VMCI_EHOSTUNREACH                        113 /* nobody listens there */
#define VMCI_EALREADY                            114 /* a connect is under way */
#define VMCI_EINPROGRESS                         115 /* a connect has begun */

/* socket-options (88-socket-errors.md) */
#define VMCI_SO_VM_SOCKETS_BUFFER_SIZE           0 /* bytes of either queue */
#define VMCI_SO_VM_SOCKETS_BUFFER_MIN_SIZE       1 /* smallest size to accept, bytes */
#define VMCI_SO_VM_SOCKETS_BUFFER_MAX_SIZE       2 /* largest size to accept, bytes */
#define VMCI_SO_VM_SOCKETS_PEER_HOST_VM_ID       3 /* only on hosts of one vendor */
#define VMCI_SO_VM_SOCKETS_TRUSTED               5 /* 1: the socket is trusted; read only */
#define VMCI_SO_VM_SOCKETS_CONNECT_TIMEOUT       6 /* time for a connect */
#define VMCI_SO_VM_SOCKETS_NONBLOCK_TXRX         7 /* only on hosts of one vendor */
#define VMCI_SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW   8 /* the same with 64-bit seconds */

/* guest-rpc (89-guest-rpc.md) */
#define VMCI_GUESTRPC_PORT                       976 /* of context 0: the guest asks, the host answers */
#define VMCI_GUESTRPC_REVERSE_PORT               975 /* of context 0: the host asks, the guest answers */
#define VMCI_GUESTRPC_LENGTH_SIZE                4 /* bytes of the length in front of a frame */
#define VMCI_GUESTRPC_PAYLOAD_MAX                65536 /* bytes of a request or a reply */
#define VMCI_GUESTRPC_FIELDS_MAX                 0x10100 /* bytes of fields in one frame */
#define VMCI_GUESTRPC_FIELD_COUNT_MAX            16 /* fields in one frame */

/* guest-rpc-fields (89-guest-rpc.md) */
#define VMCI_GUESTRPC_FIELD_INT64                1 /* type of a field: a number of 64 bits, low half first */
#define VMCI_GUESTRPC_FIELD_STRING               2 /* type: a length of 32 bits, not 0, and so many bytes */
#define VMCI_GUESTRPC_FIELD_INT64_LIST           3 /* type: a count of 32 bits and so many numbers */
#define VMCI_GUESTRPC_FIELD_STRING_LIST          4 /* type: a count of 32 bits and so many strings */
#define VMCI_GUESTRPC_ID_TYPE                    1 /* field: packet type, a number */
#define VMCI_GUESTRPC_ID_PAYLOAD                 2 /* field: the text of a request or a reply, a string */
#define VMCI_GUESTRPC_ID_FAST_CLOSE              3 /* field: not 0: the connection ends behind the reply, a number */
#define VMCI_GUESTRPC_DATA                       1 /* packet type: a request or a reply */
#define VMCI_GUESTRPC_PING                       2 /* packet type: the guest is alive */

#endif
