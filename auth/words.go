package auth

// Words for people to say and to type.

import (
	"crypto/sha256"
	"strings"

	"rac/p2p/wire"
)

// Words returns an ID as eight words, to be compared by telephone: 80 bits of
// its hash, so that nobody can search for another ID with the same words.
func Words(id wire.PeerID) string {
	list := wordList()
	sum := sha256.Sum256([]byte("rac words v1" + id))
	words := make([]string, 8)
	for i := range words {
		words[i] = list[tenBits(sum[:], i)]
	}
	return strings.Join(words, " ")
}

// tenBits returns the i-th group of ten bits.
func tenBits(b []byte, i int) int {
	n := 0
	for bit := 10 * i; bit < 10*i+10; bit++ {
		n = n<<1 | int(b[bit/8]>>(7-bit%8)&1)
	}
	return n
}

// wordList returns 1024 English words of three to eight letters: ten bits each.
// The list never changes: IDs that were written down as words stay right.
func wordList() []string { return strings.Fields(wordText) }

const wordText = `
acid acorn actor adobe alarm album alley almond alpha amber anchor angel angle apple april apron arch arena armor
aroma arrow artist ash aspen atlas atom attic august autumn avenue avocado axis bacon badge bagel baker balcony ball
bamboo banana banjo barn barrel basil basin basket bat beach beacon bead beam bean beard beaver beef beetle bell belt
bench berry bike birch bird biscuit bishop bison blade blanket blaze blend blossom blue boat bolt bonus book boot
border bottle bounce bowl box branch brass brave bread breeze brick bridge broom brother brown brush bubble bucket
buckle bud buffalo bugle bulb bull bundle bunny burger bus bush butter button buzz cabin cable cactus cage cake camel
camera camp canal candle candy canoe canvas canyon cape captain car caramel carbon card cargo carpet carrot cart carve
castle cat cattle cave cedar ceiling cello cement chain chair chalk charm chart cheese chef cherry chess chest chicken
chief chili chimney choir church cider cinema circle circus city clam claw clay cliff clinic cloak clock cloth cloud
clover clown club coach coal coast coat cobra cocoa coconut coffee coil coin collar comb comet comic compass cone
cookie copper coral cork corn corner cosmos cotton couch cougar cousin cow coyote crab cradle craft crane crater
crayon cream creek crew cricket crisp crow crown cruise crumb crystal cube cuckoo cup curl curry curtain curve cycle
daisy dam dance dart dash dawn deck delta denim dentist depot desert desk dial diamond diary dice diesel dinner dish
diver dock doctor dog doll dolphin dome donkey donut door dough dove dozen dragon drama dream dress drift drill drum
duck dune dust eagle ear earth easel east echo eclipse edge eel egg elbow elder elephant elf elk elm ember emerald
empire engine evening exit eye fabric face fairy falcon family fan farm father feast feather fence fern ferry festival
fiber field fig film finch finger fir fire fish five flag flame flash flask fleet flint float flock flood floor flute
fly foam fog foil food forest fork fort fossil fox frame fresh friend frog frost fruit fuel fur galaxy gallery game
garage garden garlic gate gazelle gear gem giant gift ginger giraffe glass glide globe glory glove glue goal goat gold
golf goose gorilla grain grand granite grape graph grass gravel gravy gray green grid grill grove guard guest guide
guitar gulf gull hall hammer hammock hand harbor harp harvest hat hawk hazel heart heat heaven hedge helmet hen herb
hero heron hill hippo hobby hockey holiday hollow home honey hood hoof hook horizon horn horse hotel house ice icon
igloo inch indigo ink insect iris iron island ivory ivy jacket jade jaguar jam jar jasmine jazz jeans jelly jersey jet
jewel jigsaw job joke jolly journal joy juice july jump june jungle kangaroo karate kayak kernel kettle key kid king
kiosk kitchen kite kitten kiwi knee knife knot koala label lace ladder lady lagoon lake lamb lamp land lantern laptop
laser laugh lava lawn leaf league leather leg legend lemon lens leopard letter library lid light lilac lily lime linen
lion lip lizard lobby lobster locket log lotus lounge love lucky lunar lunch lyric machine magic magnet mammal mango
map maple marble march marine market mars mask mast match meadow meal medal melody melon memory menu mercy metal
meteor milk mill mineral mint minute mirror mist mitten mixer mobile model modern mole moment money monkey month moon
moose morning mosaic moss motel moth mother motor mountain mouse mouth movie mud muffin mule museum mushroom music
mustard myth nail napkin navy neck nectar needle nephew nest net nickel nine noble nod noodle noon north nose note
novel number nurse nut nylon oak oasis oat oboe ocean octopus office oil olive omega onion onyx opal opera orange
orbit orchard orchid organ otter oval oven owl oxygen oyster paddle page paint palace palm pan panda panel panther
paper parade parcel park parrot party pasta pastry patch path patrol pause peach peacock peanut pearl pebble pelican
pen pencil penguin people pepper perfume piano picnic picture pie pigeon pillow pilot pine pink pioneer pipe pirate
pizza planet plant plate player plaza plum plus pocket poem poet point polar polish pond pony pool poppy porch port
potato pottery powder power prairie present pretzel pride prism prize puddle pulse puma pump pumpkin pupil puppet
puppy purple purse puzzle pyramid quail quarter quartz queen quest quiet quilt quiz rabbit raccoon race radar radio
radish raft rail rain raisin ranch ranger rapid raven razor recipe reef reindeer relay remedy reptile rescue rhino
rhyme rhythm ribbon rice ride ring ripple river road roast robin robot rocket rodeo roof room rooster rope round royal
rubber ruby rug ruler rust saddle safari saffron sage salad salmon salt salute sand sandal satin sauce saucer sauna
scale scarf school science scissors scooter scout screen seal season seat second secret seed seven shadow shark sheep
shelf shell shield ship shirt shoe shop shore shovel shower shrimp shuttle siesta signal silent silk silver singer
siren sister skate sketch ski skill skirt sky sled sleep slice slide smile smoke smooth snack snail snake snow soap
soccer sock soda sofa soft solar soldier solid song sonic sound soup south space spark sparrow speech speed sphere
spice spider spinach spiral spirit splash spoon sport spring spruce square squid squirrel stadium stage stamp star
statue steam stem stereo stone stool store storm story stove straw street string studio sugar suit summer sunset surf
swamp swan sweater sweet swift swim swing sword syrup table tablet taco tadpole talent tango tank tape target taxi
teacher team temple tennis tent terrace theater thorn thread three throne thumb thunder ticket tide tiger timber tin
tire titan toast token tomato tone tongue tool tooth topaz torch tornado tortoise tower town toy tractor trail train
travel tray treasure tree triangle trick trophy tropic trout truck trumpet trunk tulip tuna tundra tunnel turbo turkey
turtle tutor twelve twenty twin umbrella uncle unicorn union unique universe vacuum valley vanilla vapor vase vault
velvet venus verse vessel vest video view villa village vinegar violet violin vivid voice volcano vowel voyage waffle
wagon walk wall wallet walnut walrus wand warm wash wasp watch water
`
