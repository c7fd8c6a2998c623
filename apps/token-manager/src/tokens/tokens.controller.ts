import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import {
  type ChangeToken,
  changeTokenSchema,
  type RefreshedToken,
  type TestedToken,
  type TokenDetails,
} from '@reelay/contracts/token-details';
import {
  type TokenCounts,
  type TokenList,
  type TokenListQuery,
  tokenListQuerySchema,
} from '@reelay/contracts/token-list';
import {
  type AddedToken,
  type AddToken,
  addTokenSchema,
  type CredentialRequest,
  type CredentialView,
  credentialRequestSchema,
} from '@reelay/contracts/tokens';
import { BodyPipe } from '../http/body.pipe.js';
import { PARTS } from '../http/injection.js';
import type { TokenManagerParts } from '../token-manager-parts.js';
import { addToken } from './add-token.js';
import { changeToken } from './change-token.js';
import { countAllTokens, listAllTokens } from './list-all-tokens.js';
import { refreshToken } from './refresh-token.js';
import { removeToken } from './remove-token.js';
import { showToken } from './show-token.js';
import { testAndShow } from './test-token.js';

@Controller('internal')
export class TokensController {
  constructor(@Inject(PARTS) private readonly parts: TokenManagerParts) {}

  @Post('tokens')
  @HttpCode(200)
  add(@Body(new BodyPipe(addTokenSchema)) body: AddToken): Promise<AddedToken> {
    return addToken(this.parts, body);
  }

  @Get('tokens')
  list(@Query(new BodyPipe(tokenListQuerySchema)) query: TokenListQuery): Promise<TokenList> {
    return listAllTokens(this.parts, query);
  }

  @Get('token-counts')
  count(): Promise<TokenCounts> {
    return countAllTokens(this.parts);
  }

  @Get('tokens/:id')
  show(@Param('id') id: string): Promise<TokenDetails> {
    return showToken(this.parts, id);
  }

  @Patch('tokens/:id')
  change(@Param('id') id: string, @Body(new BodyPipe(changeTokenSchema)) body: ChangeToken): Promise<TokenDetails> {
    return changeToken(this.parts, id, body);
  }

  @Delete('tokens/:id')
  async remove(@Param('id') id: string): Promise<{ id: string; deleted: true }> {
    await removeToken(this.parts, id);
    return { id, deleted: true };
  }

  @Post('tokens/:id/test')
  @HttpCode(200)
  test(@Param('id') id: string): Promise<TestedToken> {
    return testAndShow(this.parts, id);
  }

  @Post('tokens/:id/refresh')
  @HttpCode(200)
  refresh(@Param('id') id: string): Promise<RefreshedToken> {
    return refreshToken(this.parts, id);
  }

  @Post('tokens/:id/credential')
  @HttpCode(200)
  credential(
    @Param('id') id: string,
    @Body(new BodyPipe(credentialRequestSchema)) body: CredentialRequest,
  ): Promise<CredentialView> {
    return this.parts.credentials.get(id, body);
  }
}
