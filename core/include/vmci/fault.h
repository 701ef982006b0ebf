/* SPDX-License-Identifier: BSD-2-Clause */
/* fault.h - deliberate mistakes, to prove that a vector notices them.
 *
 * `if (VMCI_FAULT("ring.no-gap"))` marks a place where the core can misbehave on purpose. In a
 * normal build the macro is the constant 0 and the mistake does not exist. A build with
 * -DVMCI_FAULTS asks the surrounding program which mistake is switched on.
 */
#ifndef VMCI_FAULT_H
#define VMCI_FAULT_H

#ifdef VMCI_FAULTS
/* 1 while the named mistake is to be made. name: a static string. Provided by the program. */
extern int vmci_fault_active(const char *name);
#define VMCI_FAULT(name) vmci_fault_active(name)
#else
#define VMCI_FAULT(name) 0
#endif

#endif
