// Filters that people know from elsewhere and that are not here, with what to do instead.

export const refusedFilters: ReadonlyMap<string, string> = new Map([
  ['vault', 'encrypt with the command: veza-run vault encrypt_string'],
  ['unvault', 'put the value encrypted into a variable file: it is decrypted when it is read'],
  ['win_basename', 'hosts with Windows are not supported'],
  ['win_dirname', 'hosts with Windows are not supported'],
  ['win_splitdrive', 'hosts with Windows are not supported'],
  ['urlize', 'templates make no HTML here; write the link itself'],
]);
