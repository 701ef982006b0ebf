/* SPDX-License-Identifier: BSD-2-Clause */
/* rules.h - what the monitor judges: one rule for each clause of the guest's side that shows at the
 * device.
 *
 * The sentence of a clause stands in the book and in the compiled table, nowhere else. A clause
 * whose breach no register, no datagram and no shared memory shows has no rule: what a driver
 * tells its own programs is judged by the vectors of the guest role.
 */
#ifndef CONFORMANCE_MONITOR_RULES_H
#define CONFORMANCE_MONITOR_RULES_H

#define MONITOR_RULES(X)                                                                           \
	X(DEV_DRV_1, "DEV.DRV.1")                                                                  \
	X(DEV_DRV_2, "DEV.DRV.2")                                                                  \
	X(DEV_DRV_3, "DEV.DRV.3")                                                                  \
	X(DEV_DRV_4, "DEV.DRV.4")                                                                  \
	X(DEV_DRV_5, "DEV.DRV.5")                                                                  \
	X(DEV_DRV_6, "DEV.DRV.6")                                                                  \
	X(DEV_DRV_7, "DEV.DRV.7")                                                                  \
	X(DEV_DRV_8, "DEV.DRV.8")                                                                  \
	X(DEV_DRV_9, "DEV.DRV.9")                                                                  \
	X(DEV_DRV_10, "DEV.DRV.10")                                                                \
	X(DEV_DRV_11, "DEV.DRV.11")                                                                \
	X(DEV_DRV_12, "DEV.DRV.12")                                                                \
	X(DEV_DRV_13, "DEV.DRV.13")                                                                \
	X(DEV_HND_1, "DEV.HND.1")                                                                  \
	X(DEV_HND_2, "DEV.HND.2")                                                                  \
	X(DG_GST_3, "DG.GST.3")                                                                    \
	X(DG_GST_7, "DG.GST.7")                                                                    \
	X(DG_PIN_2, "DG.PIN.2")                                                                    \
	X(HC_CALL_6, "HC.CALL.6")                                                                  \
	X(HC_CALL_7, "HC.CALL.7")                                                                  \
	X(HC_QUERY_7, "HC.QUERY.7")                                                                \
	X(HC_CID_4, "HC.CID.4")                                                                    \
	X(HC_CID_5, "HC.CID.5")                                                                    \
	X(DB_INDEX_1, "DB.INDEX.1")                                                                \
	X(DB_INDEX_2, "DB.INDEX.2")                                                                \
	X(DB_INDEX_3, "DB.INDEX.3")                                                                \
	X(DB_GUEST_2, "DB.GUEST.2")                                                                \
	X(DB_GUEST_3, "DB.GUEST.3")                                                                \
	X(DB_GUEST_5, "DB.GUEST.5")                                                                \
	X(DB_GUEST_6, "DB.GUEST.6")                                                                \
	X(EV_GUEST_5, "EV.GUEST.5")                                                                \
	X(EV_GUEST_6, "EV.GUEST.6")                                                                \
	X(EV_GUEST_10, "EV.GUEST.10")                                                              \
	X(QP_GUEST_1, "QP.GUEST.1")                                                                \
	X(QP_GUEST_3, "QP.GUEST.3")                                                                \
	X(QP_GUEST_4, "QP.GUEST.4")                                                                \
	X(QP_GUEST_5, "QP.GUEST.5")                                                                \
	X(QP_GUEST_6, "QP.GUEST.6")                                                                \
	X(QP_GUEST_10, "QP.GUEST.10")                                                              \
	X(QP_MEM_2, "QP.MEM.2")                                                                    \
	X(QP_MEM_5, "QP.MEM.5")                                                                    \
	X(STREAM_PKT_1, "STREAM.PKT.1")                                                            \
	X(STREAM_PKT_2, "STREAM.PKT.2")                                                            \
	X(STREAM_PKT_3, "STREAM.PKT.3")                                                            \
	X(STREAM_LISTEN_1, "STREAM.LISTEN.1")                                                      \
	X(STREAM_LISTEN_3, "STREAM.LISTEN.3")                                                      \
	X(STREAM_LISTEN_4, "STREAM.LISTEN.4")                                                      \
	X(STREAM_LISTEN_5, "STREAM.LISTEN.5")                                                      \
	X(STREAM_LISTEN_7, "STREAM.LISTEN.7")                                                      \
	X(STREAM_LISTEN_8, "STREAM.LISTEN.8")                                                      \
	X(STREAM_CONN_1, "STREAM.CONN.1")                                                          \
	X(STREAM_CONN_2, "STREAM.CONN.2")                                                          \
	X(STREAM_CONN_5, "STREAM.CONN.5")                                                          \
	X(STREAM_CONN_6, "STREAM.CONN.6")                                                          \
	X(STREAM_END_4, "STREAM.END.4")                                                            \
	X(QP_RING_5, "QP.RING.5")

#define MONITOR_RULE_NAME(name, clause) RULE_##name,
enum monitor_rule {
	MONITOR_RULES(MONITOR_RULE_NAME) MONITOR_RULE_COUNT
};

#endif
