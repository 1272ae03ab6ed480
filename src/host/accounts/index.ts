export type { Accounts, CellAccess, CredentialReason, NamespaceAccess } from './accounts.ts';
export { type AccountsFile, readAccountsFile } from './accounts-file.ts';
export { DelegatedAccounts } from './delegated-accounts.ts';
export { createOneAccount } from './one-account.ts';
export { loadOperator, type Operator } from './operator.ts';
export { OperatorAccounts } from './operator-accounts.ts';
export { writeServerConfig } from './server-config.ts';
export { ownerEndpoint } from './user.ts';
