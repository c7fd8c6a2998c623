/** Names of what the one module provides. */
export const PARTS = Symbol('token-manager parts');
export const HEALTH = Symbol('health');
