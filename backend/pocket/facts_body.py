"""What is known of the human body: what organs do, their system and place, where bones and muscles are, senses.

Knows anatomy as a ten-year-old learns it. Does not know how facts are asked, split or learned.
"""

from backend.pocket.relation import Relation, clash, column, pairs

# organ | job | system | place
ORGANS = """
heart | pumping blood | circulatory | chest
lungs | breathing | respiratory | chest
stomach | churning food | digestive | belly
brain | thinking | nervous | head
liver | cleaning blood/making bile | digestive | belly
kidneys | making urine/cleaning blood | urinary | lower back/belly
bladder | storing urine | urinary | pelvis/belly
skin | protecting the body/touching | - | -
small intestine | absorbing food | digestive | belly
large intestine | absorbing water | digestive | belly
gallbladder | storing bile | digestive | belly
pancreas | making insulin | - | belly
spinal cord | carrying messages | nervous | back
nerves | carrying messages | nervous | -
eyes | seeing | - | head
ears | hearing | - | head
nose | smelling/breathing | respiratory | head
tongue | tasting | - | mouth
teeth | chewing | digestive | mouth
salivary glands | making saliva | digestive | mouth
windpipe | carrying air | respiratory | throat
diaphragm | breathing | respiratory | chest
voice box | making sound | respiratory | throat
gullet | carrying food | digestive | throat/chest
tonsils | fighting germs | - | throat
arteries | carrying blood | circulatory | -
veins | carrying blood | circulatory | -
capillaries | carrying blood | circulatory | -
red blood cells | carrying oxygen | circulatory | -
white blood cells | fighting germs | - | -
platelets | clotting blood | circulatory | -
ureters | carrying urine | urinary | -
urethra | carrying urine | urinary | pelvis
bronchi | carrying air | respiratory | chest
air sacs | swapping gases | respiratory | chest
cerebellum | keeping balance | nervous | head
ribs | protecting the lungs | skeletal | chest
skull | protecting the brain | skeletal | head
pelvis | - | skeletal | -
backbone | - | skeletal | back
kneecap | protecting the knee | skeletal | -
jawbone | - | skeletal | head/mouth
biceps | bending the arm | muscular | -
triceps | straightening the arm | muscular | -
hamstrings | bending the knee | muscular | -
quadriceps | straightening the knee | muscular | -
calf muscles | - | muscular | -
chest muscles | - | muscular | -
eyelids | protecting the eyes | - | head
sweat glands | cooling the body | - | -
cornea | seeing | - | head
eardrum | hearing | - | head
"""

BONES = """
femur: thigh; tibia: shin; fibula: shin; humerus: upper arm; radius: forearm; ulna: forearm; sternum: chest;
clavicle: shoulder; scapula: shoulder; patella: knee; mandible: jaw; maxilla: jaw; cranium: head; carpals: wrist;
metacarpals: hand; tarsals: ankle; metatarsals: foot; talus: ankle; sacrum: hips; ilium: hips; coccyx: tailbone;
biceps: upper arm; triceps: upper arm; quadriceps: thigh; hamstrings: thigh; deltoid: shoulder; soleus: calf;
masseter: jaw; gluteus: buttocks; pectorals: chest; stirrup: ear; anvil: ear; hammer: ear; heel bone: foot
"""

JOINTS = """
elbow: hinge; knee: hinge; ankle: hinge; hip: ball and socket; shoulder: ball and socket; neck: pivot;
wrist: gliding; base of the thumb: saddle; finger: hinge; toe: hinge; spine: gliding; skull: fixed
"""

ILLNESSES = """
asthma: lungs; bronchitis: lungs; pneumonia: lungs; hepatitis: liver; jaundice: liver; gingivitis: gums;
arthritis: joints; tooth decay: teeth; eczema: skin; acne: skin; cataract: eyes; glaucoma: eyes; migraine: head;
angina: heart; gastritis: stomach; tonsillitis: throat; laryngitis: throat; leukaemia: blood; anaemia: blood;
osteoporosis: bones; rickets: bones; meningitis: brain; epilepsy: brain; conjunctivitis: eyes; dermatitis: skin
"""

JOB_CLASHES = clash(
    "carrying blood, pumping blood, carrying oxygen, cleaning blood, clotting blood",
    "breathing, carrying air, swapping gases, smelling, carrying oxygen, making sound",
    "churning food, absorbing food, carrying food, chewing, absorbing water, making saliva, tasting",
    "thinking, carrying messages, keeping balance, seeing, hearing",
    "making urine, storing urine, carrying urine, cleaning blood",
    "storing bile, making bile, making insulin, making saliva",
    "bending the arm, straightening the arm",
    "bending the knee, straightening the knee, protecting the knee",
    "fighting germs, protecting the body",
    "hearing, keeping balance",
    "touching, cooling the body, protecting the body",
    "protecting the lungs, protecting the brain, protecting the body, protecting the eyes, protecting the knee",
)


def relations() -> list[Relation]:
    """The six relations of the domain body."""
    return [*_organs(), *_places(), *_troubles()]


def _organs() -> list[Relation]:
    job = Relation(
        "body",
        "job",
        "the",
        column(ORGANS, 1),
        (
            "What is the main task of {x} in the human body?",
            "Which duty is performed by {x}?",
            "What would be hard for a person without {x}?",
            "For which activity does the body rely on {x}?",
        ),
        (
            "The body has {x} for {v}.",
            "The work of {x} is {v}.",
            "We thank {x} for {v}.",
            "When it comes to {v} we need {x}.",
        ),
        JOB_CLASHES,
    )
    system = Relation(
        "body",
        "system",
        "the",
        column(ORGANS, 2),
        (
            "Which body system would be incomplete without {x}?",
            "Which organ system includes {x}?",
            "In a medical book, under which system is {x} described?",
            "Which network of organs depends on {x}?",
        ),
        (
            "Without {x} there is no system called {v}.",
            "Doctors sort {x} under {v}.",
            "Books list {x} as {v}.",
            "A lesson about {x} is called {v}.",
        ),
        clash("skeletal, muscular"),
    )
    return [job, system]


def _places() -> list[Relation]:
    place = Relation(
        "body",
        "place",
        "the",
        column(ORGANS, 3),
        (
            "In which region of the body would a surgeon find {x}?",
            "Where inside a person is the location of {x}?",
            "Which body region contains {x}?",
            "Where should a doctor point to show {x}?",
        ),
        (
            "People have {x} in the {v}.",
            "Look for {x} in the {v}.",
            "The {v} holds {x}.",
            "The place of {x} is the {v}.",
        ),
        clash("head, mouth, throat", "belly, pelvis, lower back, back", "chest, throat", "chest, back"),
    )
    bone = Relation(
        "body",
        "bone",
        "the",
        pairs(BONES),
        (
            "Which body part would hurt after an injury to {x}?",
            "Which region of the skeleton or muscles includes {x}?",
            "An x-ray of {x} shows which body part?",
            "Where is {x} found on a human?",
        ),
        (
            "We carry {x} in the {v}.",
            "The {v} is the place for {x}.",
            "Anatomy puts {x} at the {v}.",
            "Nature built {x} into the {v}.",
        ),
        clash(
            "thigh, hips, buttocks, tailbone, knee",
            "shin, calf, knee, ankle",
            "ankle, foot",
            "wrist, hand, forearm",
            "upper arm, shoulder, forearm",
            "chest, shoulder",
            "head, jaw, ear",
        ),
    )
    return [place, bone]


def _troubles() -> list[Relation]:
    joint = Relation(
        "body",
        "joint",
        "the",
        pairs(JOINTS),
        (
            "What type of joint is found in {x}?",
            "Which joint lets {x} move, or keeps it still?",
            "By which joint name do doctors describe {x}?",
            "What kind of joint does {x} contain?",
        ),
        (
            "The bones of {x} meet in a {v} joint.",
            "At {x} the joint is {v}.",
            "In {x} there is a joint that is {v}.",
        ),
    )
    illness = Relation(
        "body",
        "illness",
        "",
        pairs(ILLNESSES),
        (
            "Which part of a person suffers from {x}?",
            "What is affected in a patient with {x}?",
            "A nurse treats {x} as a problem of what?",
            "Which of these is harmed by {x}?",
        ),
        (
            "The illness {x} attacks the {v}.",
            "Whoever has {x} worries about the {v}.",
            "The {v} can get {x}.",
            "Doctors find {x} in the {v}.",
        ),
        clash("brain, head", "gums, teeth", "joints, bones", "heart, blood", "lungs, throat"),
    )
    return [joint, illness]
