// Entry file of napali.wasm.
import { register } from '../../sdk/assemblyscript/assembly';
import { Napali } from './napali';

export * from '../../sdk/assemblyscript/assembly/exports';

register(new Napali());
