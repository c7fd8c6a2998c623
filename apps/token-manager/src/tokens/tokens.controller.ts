import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import {
  type AddedToken,
  type AddToken,
  addTokenSchema,
  type CredentialRequest,
  type CredentialView,
  credentialRequestSchema,
  type TokenView,
} from '@reelay/contracts/tokens';
import { listTokens } from '@reelay/db/tokens/list-tokens';
import { BodyPipe } from '../http/body.pipe.js';
import { PARTS } from '../http/injection.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { addToken } from './add-token.js';
import { removeToken } from './remove-token.js';

@Controller('internal/tokens')
export class TokensController {
  constructor(@Inject(PARTS) private readonly parts: TokenManagerParts) {}

  @Post()
  @HttpCode(200)
  add(@Body(new BodyPipe(addTokenSchema)) body: AddToken): Promise<AddedToken> {
    return addToken(this.parts, body);
  }

  @Get()
  list(): Promise<TokenView[]> {
    return listTokens(this.parts.database);
  }

  @Delete(':id')
  async remove(@Param('id') id: string): Promise<{ id: string; deleted: true }> {
    await removeToken(this.parts, id);
    return { id, deleted: true };
  }

  @Post(':id/credential')
  @HttpCode(200)
  credential(
    @Param('id') id: string,
    @Body(new BodyPipe(credentialRequestSchema)) body: CredentialRequest,
  ): Promise<CredentialView> {
    return this.parts.credentials.get(id, body);
  }
}
