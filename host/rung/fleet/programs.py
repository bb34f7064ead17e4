"""What a board is told to do, in the raw REPL: short Python programs for MicroPython, which need no firmware there.

They travel as they stand here, so they are short, and what is said of them stands here:

ABOUT prints one tuple: what `board.py` makes an `About` of. A slot is whole when every file is as its manifest has it.

FILL reads the manifest and then the files that it has asked for, both as one stream each: blocks of BLOCK_BYTES whose
first byte all others are combined with (exclusive or), so that no byte is a Ctrl-C; inside them is what zlib has
deflated. For each block taken it writes a dot; between the two streams it prints the numbers of the manifest's lines
that are nowhere on the board. What it keeps, what it copies from the other slot and what comes over the line is as the
manifest has it by SHA-256; TAKE checks all of it once more, as it then stands in the flash. While FILL works the slot
has no manifest, so it is not whole; and it works on a slot that nothing starts. If no block comes for 15 s (whoever
sent them was killed), its watchdog starts the board again: waiting here, it would answer nobody.
"""

from typing import Final

BLOCK_BYTES: Final = 62
WINDOW_BLOCKS: Final = 4  # on their way: with how many bytes come, as much as the board's input ring holds (259 bytes)
WBITS: Final = 13  # of the deflated stream: the board keeps as many bytes of it as a power of two

CALM: Final = """
import machine
machine.WDT(timeout=600000)
"""

_READING: Final = """
import binascii,hashlib,io,machine,os,sys
def rd(p):
 try:
  with open(p,'rb') as f:return f.read()
 except OSError:return b''
def sha(p):
 h=hashlib.sha256();b=bytearray(512)
 try:
  with open(p,'rb') as f:
   while 1:
    n=f.readinto(b)
    if not n:break
    h.update(memoryview(b)[:n])
 except OSError:return ''
 return binascii.hexlify(h.digest()).decode()
def pointer():
 try:w=rd('/slot').decode().split()
 except ValueError:w=[]
 if len(w)==3 and w[1]!=w[0]and w[1]in('a','b','-')and w[2].isdigit()or len(w)==1:return w if w[0]in('a','b')else[]
 return []
"""

ABOUT: Final = (
    _READING
    + """
def ok(d):
 m=rd(d+'/manifest').decode().split('\\n')
 return m[0] if len(m)>2 and all(sha(d+'/'+l[2])==l[0] for l in [l.split(' ') for l in m[1:] if l]) else ''
w=pointer()
try:k=hashlib.sha256(binascii.unhexlify(rd('/key').strip())).digest()[:6] if rd('/key') else b''
except ValueError:k=b''
s=os.statvfs('/')
i=sys.implementation
print((binascii.hexlify(machine.unique_id()).decode(),
getattr(i,'_machine',''),'.'.join(str(n) for n in i.version[:3]),getattr(i,'_mpy',0),
rd('/boot.py')[:16],rd('/main.py')[:16],rd('/rung_box/__init__.py')[-200:],
w,[(ok('/'+x),sha('/'+x+'/manifest')) for x in 'ab'],
binascii.hexlify(k).decode(),rd('/desk')[:80],s[0]*s[3]*(s[3]<=s[2])))
"""
)

FILL: Final = (
    _READING
    + """
import deflate,gc
up=sys.stdin.buffer.read
dog=machine.WDT(timeout=15000)
class Line(io.IOBase):
 def __init__(self):
  self.left=int(up(8),16);self.b=b'';self.at=0
 def more(self):
  dog.feed();n=min(62,self.left)
  b=up(n)if n else b''
  self.left-=n;self.at=1
  if n:
   sys.stdout.write('.')
   if b[0]:b=bytes([c^b[0]for c in b])
  self.b=b
  return n
 def readinto(self,to):
  if self.at>=len(self.b)and not self.more():return 0
  to[0]=self.b[self.at];self.at+=1
  return 1
 def end(self):
  while self.more():pass
def fold(p):
 at=p.find('/',1)
 while at>0:
  try:os.mkdir(p[:at])
  except OSError:pass
  at=p.find('/',at+1)
def fill(to,other,bits):
 w=pointer()
 if len(w)==3:
  if w[1]=='-':os.remove('/slot')
  else:
   with open('/slot.new','w')as f:f.write(w[1]+'\\n')
   os.rename('/slot.new','/slot')
 l=Line();z=deflate.DeflateIO(l,deflate.RAW,bits);m=z.read();l.end()
 try:os.remove(to+'manifest')
 except OSError:pass
 es=[e.split(' ')for e in m.decode().split('\\n')[1:]if e];want=[]
 for i,(d,_,n)in enumerate(es):
  if sha(to+n)==d:continue
  fold(to+n)
  if sha(other+n)!=d:want.append(i);continue
  with open(other+n,'rb')as a,open(to+n,'wb')as f:
   while 1:
    c=a.read(512)
    if not c:break
    f.write(c)
 print(want)
 l=Line();z=None;gc.collect();z=deflate.DeflateIO(l,deflate.RAW,bits)
 for i in want:
  d,left,n=es[i];left=int(left);h=hashlib.sha256()
  with open(to+n,'wb')as f:
   while left:
    c=z.read(min(left,512))
    if not c:break
    h.update(c);f.write(c);left-=len(c)
  if binascii.hexlify(h.digest()).decode()!=d:raise ValueError(n+' came damaged')
 l.end()
 with open(to+'manifest','wb')as f:f.write(m)
 machine.WDT(timeout=600000)
"""
)

TAKE: Final = """
import sys
sys.path.insert(0,{folder!r})
for m in list(sys.modules):
 if m.startswith('rung_'):del sys.modules[m]
from rung_box import switch
switch.take({folder!r},{boot})
"""

GO_BACK: Final = """
import boot
print(boot.go_back())
"""

# littlefs takes a file's new content whole or not at all when it is closed; the rename is for every other file system.
PUT: Final = """
import os
with open('/{name}.new','wb') as f:f.write({data!r})
os.rename('/{name}.new','/{name}')
"""
